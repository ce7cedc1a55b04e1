// Cross-entropy, one logit looked at with care: NaN, infinities and numbers near the end of f32 are
// told apart on their bits, because arithmetic on them is not defined in WGSL.

fn withElement(row: Row, before: Sums, k: u32, labelBits: u32) -> Sums {
  let bits = bitsAt(row, k);
  let element = elementOfBits(row, bits);
  let ordinary = (element.flags == 0u) & !element.lost;
  var sums = before;
  // The base follows in steps: following at once costs a rounded product for every new maximum,
  // 2.9e-5 on a row in ascending order.
  let far = (0.5 * element.unit - 0.5 * sums.base) * row.nats > 1.0;
  if (ordinary & far) {
    sums = rebased(row, sums, element.unit);
  }
  let e = select(0.0, decay(row, element.unit, sums.base), ordinary & !(INDEXED & (k == row.label)));
  let gap = select(0.0, 0.5 * sums.base - 0.5 * element.unit, ordinary);
  sums.rest += select(0.0, e, e > DUST);
  sums.dust += select(e, 0.0, e > DUST);
  if ((STATS & 4u) != 0u) {
    sums.heat += e * gap;
  }
  sums.flags |= select(element.flags, SOME, ordinary);
  if (MIXED) {
    let q = coefficientAt(row, k);
    sums.mix += q;
    sums.pull += q * gap;
    sums.flags |= select(HAS_NAN, select(0u, lossOfImpossible(q), element.lost), isFinite(q));
  }
  if ((STATS & 8u) != 0u) {
    let rank = rankOf(bits);
    let goal = rankOf(labelBits);
    sums.flags |= select(0u, BEATEN, (rank > goal) | ((rank == goal) & (k < row.label)));
  }
  return sums;
}

fn isFinite(x: f32) -> bool {
  return isFiniteBits(bitcast<u32>(x));
}

// Orders like the logits themselves, infinities included; a NaN row is excluded by its flag.
fn rankOf(bits: u32) -> u32 {
  let folded = select(bits, 0u, bits == 0x80000000u);
  return select(folded | 0x80000000u, ~folded, folded >= 0x80000000u);
}
