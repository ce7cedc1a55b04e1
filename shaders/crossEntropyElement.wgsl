// Cross-entropy, one logit looked at with care: NaN, infinities and numbers near the end of f32 are
// told apart on their bits, because arithmetic on them is not defined in WGSL.

// `lost` means minus infinity: probability exactly 0.
struct Element { unit: f32, flags: u32, lost: bool }

fn elementOfBits(bits: u32) -> Element {
  let negative = bits >= 0x80000000u;
  let huge = (bits & 0x7fffffffu) >= carefulBits();
  if (isNanBits(bits)) {
    return Element(0.0, HAS_NAN, false);
  }
  if (SOFTCAPPED && huge) {
    return Element(select(params.softcap, -params.softcap, negative), 0u, false);
  }
  if (!isFiniteBits(bits)) {
    return Element(0.0, select(HAS_INFINITY, 0u, negative), negative);
  }
  return Element(unitOf(vec4f(bitcast<f32>(bits))).x, 0u, false);
}

// exp((x - peak) / temperature), for any two finite numbers: halves, as 3e38 - -3e38 is no number.
fn decay(x: f32, peak: f32) -> f32 {
  let gap = 0.5 * x - 0.5 * peak;
  let reach = -63.0 / unitToExponent();
  return select(0.0, exp2(2.0 * max(gap, reach) * unitToExponent()), gap > reach);
}

fn probabilityOf(element: Element, peak: f32, inverse: f32) -> f32 {
  return select(decay(element.unit, peak) * inverse, 0.0, element.lost);
}

// The sums of one element.
fn scanElement(row: Row, k: u32, labelBits: u32) -> Sums {
  let bits = bitsAt(row, k);
  let element = elementOfBits(bits);
  var sums = nothing();
  sums.flags = element.flags;
  if (element.flags == 0u && !element.lost) {
    sums.peak = element.unit;
    sums.base = element.unit;
    sums.own = 1.0;
  }
  if (MIXED) {
    sums.mix = coefficientAt(row, k);
    sums.flags |= select(0u, HAS_NAN, !isFiniteBits(bitcast<u32>(sums.mix)));
    sums.flags |= select(0u, lossOfImpossible(sums.mix), element.lost);
  }
  if ((STATS & 8u) != 0u) {
    let rank = rankOf(bits);
    let goal = rankOf(labelBits);
    let ahead = rank > goal || (rank == goal && k < row.label);
    sums.flags |= select(0u, BEATEN, ahead);
  }
  return sums;
}

// Orders like the logits themselves, infinities included; a NaN row is excluded by its flag.
fn rankOf(bits: u32) -> u32 {
  let folded = select(bits, 0u, bits == 0x80000000u);
  return select(folded | 0x80000000u, ~folded, folded >= 0x80000000u);
}
