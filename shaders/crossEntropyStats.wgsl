// Cross-entropy, what a row reports: its value and the requested outputs, as bits. In nats:
//   loss = own (peak - x[label] + log s) + (sum of q (peak - x) + mix log s) + zLoss lse^2
// Never (peak + log s) - x[label]: with logits near 1e4 that is wrong by 4.5e-4, this by 3.3e-7.

@group(0) @binding(5) var<storage, read_write> stats: array<u32>;  // (1 + outputs, totalRows)

fn report(row: Row, plane: u32, bits: u32) {
  stats[plane * params.totalRows + row.index] = bits;
}

// Infinity and NaN are carried by flags and written as bits: WGSL arithmetic may lose both.
fn bitsOf(value: f32, flags: u32) -> u32 {
  let both = (flags & (ABOVE | BELOW)) == (ABOVE | BELOW);
  var bits = bitcast<u32>(value);
  bits = select(bits, MINUS_INFINITY_BITS, (flags & BELOW) != 0u);
  bits = select(bits, INFINITY_BITS, (flags & ABOVE) != 0u);
  return select(bits, NAN_BITS, both || (flags & HAS_NAN) != 0u);
}

fn timesFactor(flags: u32, factor: f32) -> u32 {
  let ends = flags & (ABOVE | BELOW);
  let swapped = ((ends & ABOVE) << 1u) | ((ends & BELOW) >> 1u);
  let kept = select(ends, swapped, factor < 0.0);
  return (flags & HAS_NAN) | select(kept, HAS_NAN, factor == 0.0 && ends != 0u);
}

// Is the distance between two units, halved, more nats than f32 can hold?
fn isBeyond(halfDistance: f32) -> bool {
  return abs(halfDistance) > 1.7e38 * min(1.0 / unitToNats(), 1.99);
}

fn reportRow(row: Row, sums: Sums, labelBits: u32) {
  let nats = unitToNats();
  let label = elementOfBits(labelBits);
  let own = ownOf(row);
  let logSum = log1p(sums.rest);
  let empty = sums.own == 0.0;
  let odd = empty || (sums.flags & (HAS_NAN | HAS_INFINITY)) != 0u;
  let broken = select(0u, HAS_NAN, odd);

  let halfFall = 0.5 * sums.peak - 0.5 * label.unit;
  let impossible = label.lost || isBeyond(halfFall);
  let labelLoss = 2.0 * select(halfFall, 0.0, impossible) * nats + logSum;
  let far = isBeyond(0.5 * sums.peak);
  let lse = select(sums.peak, 0.0, far) * nats + logSum;

  var loss = own * labelLoss;
  var flags = broken | (sums.flags & (ABOVE | BELOW));
  if (INDEXED && impossible) {
    flags |= lossOfImpossible(own);
  }
  if (MIXED) {
    loss += 2.0 * sums.pull * nats * mixScale() + mixOf(sums) * logSum;
  }
  if (ZLOSS) {
    let overflows = far || abs(lse) * sqrt(params.zLoss) > 1.8e19;
    flags |= select(0u, ABOVE, overflows);
    loss += params.zLoss * select(lse * lse, 0.0, overflows);
  }
  report(row, 0u, bitsOf(row.valueFactor * loss, timesFactor(flags, row.valueFactor)));

  var plane = 1u;
  if ((STATS & 1u) != 0u) {
    let above = (far && sums.peak > 0.0) || (sums.flags & HAS_INFINITY) != 0u;
    let ends = select(select(0u, BELOW, far || empty), ABOVE, above);
    report(row, plane, bitsOf(lse, ends | (sums.flags & HAS_NAN)));
    plane++;
  }
  if ((STATS & 2u) != 0u) {
    report(row, plane, bitsOf(-labelLoss, broken | select(0u, BELOW, impossible)));
    plane++;
  }
  if ((STATS & 4u) != 0u) {
    let entropy = logSum + 2.0 * sums.heat * nats / (1.0 + sums.rest);
    report(row, plane, bitsOf(entropy, broken));
    plane++;
  }
  if ((STATS & 8u) != 0u) {
    let correct = (sums.flags & (BEATEN | HAS_NAN)) == 0u;
    report(row, plane, select(0u, 0x3f800000u, correct));
  }
}

// A row without a loss: zeros, or NaN as the value where the label is no class.
fn reportNothing(row: Row) {
  report(row, 0u, select(0u, NAN_BITS, row.label == OUT_OF_RANGE));
  for (var plane = 1u; plane <= countOneBits(STATS); plane++) {
    report(row, plane, 0u);
  }
}
