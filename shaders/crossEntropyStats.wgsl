// Cross-entropy, what a row reports: its value and the requested outputs, as bits. In nats:
//   loss = own (base - x[label] + log s) + (sum of q (base - x) + mix log s) + zLoss lse^2
// Never (base + log s) - x[label]: with logits near 1e4 that is wrong by 4.5e-4, this by 3.3e-7.

@group(0) @binding(5) var<storage, read_write> stats: array<u32>;  // (1 + outputs, totalRows)

// A row without a loss reports zeros, or NaN as its value where the label is no class.
fn report(row: Row, plane: u32, bits: u32) {
  let blank = select(0u, NAN_BITS, (plane == 0u) & (row.label == OUT_OF_RANGE));
  let isLoss = row.label < OUT_OF_RANGE;
  stats[params.statsStart + plane * params.totalRows + row.index] = select(blank, bits, isLoss);
}

// Infinity and NaN are carried by flags and written as bits: WGSL arithmetic may lose both.
fn bitsOf(value: f32, flags: u32) -> u32 {
  let both = (flags & (ABOVE | BELOW)) == (ABOVE | BELOW);
  var bits = bitcast<u32>(value);
  bits = select(bits, MINUS_INFINITY_BITS, (flags & BELOW) != 0u);
  bits = select(bits, INFINITY_BITS, (flags & ABOVE) != 0u);
  return select(bits, NAN_BITS, both | ((flags & HAS_NAN) != 0u));
}

fn timesFactor(flags: u32, factor: f32) -> u32 {
  let ends = flags & (ABOVE | BELOW);
  let swapped = ((ends & ABOVE) << 1u) | ((ends & BELOW) >> 1u);
  let kept = select(ends, swapped, factor < 0.0);
  return (flags & HAS_NAN) | select(kept, HAS_NAN, (factor == 0.0) & (ends != 0u));
}

// Is the distance between two units, halved, more nats than f32 can hold?
fn isBeyond(row: Row, halfDistance: f32) -> bool {
  return abs(halfDistance) > 1.7e38 * min(1.0 / row.nats, 1.99);
}

fn reportRow(row: Row, end: Outcome) {
  let halfFall = 0.5 * end.base - 0.5 * end.label.unit;
  let impossible = end.label.lost | isBeyond(row, halfFall);
  let fall = 2.0 * select(halfFall, 0.0, impossible) * row.nats;
  // One plus a little: there the logarithm of the whole has lost what the rest still knows.
  let sure = end.term > end.rest;
  let labelLoss = select(fall + end.logSum, log1p(end.rest / max(end.term, 1e-30)), sure);
  let far = isBeyond(row, 0.5 * end.base);
  let lse = select(end.base, 0.0, far) * row.nats + end.logSum;

  var loss = end.own * labelLoss;
  let broken = end.flags & HAS_NAN;
  var flags = end.flags & (HAS_NAN | ABOVE | BELOW);
  if (INDEXED) {
    flags |= select(0u, lossOfImpossible(end.own), impossible);
  }
  if (MIXED) {
    loss += 2.0 * end.pull * row.nats * mixScale() + end.mix * end.logSum;
  }
  if (ZLOSS) {
    let overflows = far | (abs(lse) * sqrt(params.zLoss) > 1.8e19);
    flags |= select(0u, ABOVE, overflows);
    loss += params.zLoss * select(lse * lse, 0.0, overflows);
  }
  report(row, 0u, bitsOf(row.valueFactor * loss, timesFactor(flags, row.valueFactor)));

  var plane = 1u;
  if ((STATS & 1u) != 0u) {
    let empty = (end.flags & SOME) == 0u;
    let above = (far & (end.base > 0.0)) | ((end.flags & HAS_INFINITY) != 0u);
    let ends = select(select(0u, BELOW, far | empty), ABOVE, above);
    let lost = select(0u, HAS_NAN, (end.flags & SAW_NAN) != 0u);
    report(row, plane, bitsOf(lse, ends | lost));
    plane++;
  }
  if ((STATS & 2u) != 0u) {
    report(row, plane, bitsOf(-labelLoss, broken | select(0u, BELOW, impossible)));
    plane++;
  }
  if ((STATS & 4u) != 0u) {
    report(row, plane, bitsOf(end.logSum + 2.0 * end.heat * row.nats / end.whole, broken));
    plane++;
  }
  if ((STATS & 8u) != 0u) {
    let correct = (end.flags & (BEATEN | SAW_NAN)) == 0u;
    report(row, plane, select(0u, 0x3f800000u, correct));
  }
}
