// Cross-entropy of few classes, what is known of four rows, each logit read once. The base is a logit, and
// follows where a term would be more than twice its own: each time a sum fades by half at least, so that
// roundings do not add up. The label's own term is left out, as in crossEntropySums.wgsl.

struct FourSums {
  base: vec4f,
  rest: vec4f,  // sum of exp(x - base) but for the label
  low: vec4f,  // what that has lost in roundings
  heat: vec4f,  // sum of exp(x - base) (base - x) / 2, likewise, for the entropy
  mix: f32,  // sum of coefficients so far
  pull: vec4f,  // sum of coefficient (base - x) / 2
  height: vec4u,  // the largest magnitude as an integer, in which NaN is the greatest
  flags: vec4u,
}

// NaN leaves its mark on the sum, if no tanh has hidden it; but whether it was infinity only magnitudes tell.
const WATCHED: bool = SOFTCAPPED || (STATS & 9u) != 0u;

fn scanFour(row: Row, four: Four) -> FourSums {
  var sums: FourSums;
  sums.base = vec4f(LOWEST);
  for (var trip = 0u; trip < ENDLESS; trip++) {
    let k = trip * TRIP;
    if (k >= params.classes) {
      break;
    }
    let bitsA = bitsOfClass(four, k);
    let bitsB = bitsOfClass(four, k + 1u);
    let bitsC = bitsOfClass(four, k + 2u);
    let a = unitsOfBits(row, bitsA);
    let b = unitsOfBits(row, bitsB);
    let c = unitsOfBits(row, bitsC);
    sums = raised(row, sums, higher(higher(a, b), c));
    sums = withClass(row, four, sums, bitsA, a, k);
    sums = withClass(row, four, sums, bitsB, b, k + 1u);
    sums = withClass(row, four, sums, bitsC, c, k + 2u);
  }
  let isInfinite = bitcast<vec4u>(sums.base) == vec4u(INFINITY_BITS);
  let isBroken = (bitcast<vec4u>(sums.rest) & vec4u(INFINITY_BITS)) == vec4u(INFINITY_BITS);
  let isNan = (sums.height > vec4u(INFINITY_BITS)) | (isBroken & vec4<bool>(!WATCHED));
  let isSome = (sums.base > vec4f(LOWEST)) | (sums.rest > vec4f(0.5));
  sums.flags |= flagged(isInfinite, HAS_INFINITY) | flagged(isNan, SAW_NAN) | flagged(isSome, SOME);
  sums.base = select(sums.base, vec4f(0.0), isInfinite);
  return sums;
}

// max looks for NaN, at the cost of three comparisons.
fn higher(x: vec4f, y: vec4f) -> vec4f {
  return select(x, y, y > x);
}

fn raised(row: Row, before: FourSums, top: vec4f) -> FourSums {
  var sums = before;
  sums.base = select(before.base, top, (top - before.base) * row.scale > vec4f(1.0));
  let fade = exp2((before.base - sums.base) * row.scale);
  sums.rest *= fade;
  sums.low *= fade;
  // Halves, as in `decay`.
  let gap = 0.5 * sums.base - 0.5 * before.base;
  if ((STATS & 4u) != 0u) {
    sums.heat = sums.heat * fade + gap * (sums.rest + sums.low);
  }
  if (MIXED) {
    sums.pull += sums.mix * gap;
  }
  return sums;
}

fn withClass(row: Row, four: Four, before: FourSums, bits: vec4u, x: vec4f, k: u32) -> FourSums {
  let isBehind = k >= params.classes;
  let isOut = (four.label == vec4u(k)) | vec4<bool>(isBehind);
  let e = select(exp2((x - before.base) * row.scale), vec4f(0.0), isOut);
  var sums = before;
  sums.rest += e;
  // What an addition has rounded away, exactly (Knuth).
  let part = sums.rest - before.rest;
  sums.low += (before.rest - (sums.rest - part)) + (e - part);
  if (WATCHED) {
    sums.height = max(sums.height, bits & vec4u(0x7fffffffu));
  }
  // A class of probability 0 may be infinitely far away.
  let gap = min(0.5 * sums.base - 0.5 * x, vec4f(3.4e38));
  if ((STATS & 4u) != 0u) {
    sums.heat += e * gap;
  }
  if (MIXED) {
    let q = select(coefficientAt(row, k), 0.0, isBehind);
    let lost = (bits == vec4u(MINUS_INFINITY_BITS)) & vec4<bool>(!SOFTCAPPED);
    sums.mix += q;
    sums.pull += q * select(gap, vec4f(0.0), lost);
    sums.flags |= flagged(lost, lossOfImpossible(q));
    sums.flags |= vec4u(select(HAS_NAN, 0u, isFinite(q)));
  }
  if ((STATS & 8u) != 0u) {
    let rank = ranksOf(bits);
    let goal = ranksOf(four.labelBits);
    let ahead = (rank > goal) | ((rank == goal) & (vec4u(k) < four.label));
    sums.flags |= flagged(ahead, BEATEN);
  }
  return sums;
}

// What the first of four rows comes to. Its base is a logit, whose own term is 1.
fn outcomeOfFirst(row: Row, four: Four, sums: FourSums) -> Outcome {
  let label = elementOfBits(row, four.labelBits.x);
  let base = sums.base.x;
  let term = select(exp2((label.unit - base) * row.scale), 0.0, label.lost);
  let rest = sums.rest.x + sums.low.x;
  // The greatest comes last, as in `outcomeOf`.
  let whole = select(sums.rest.x + (term + sums.low.x), term + rest, term > rest);
  let heat = sums.heat.x + term * (0.5 * base - 0.5 * label.unit);
  let flags = sums.flags.x | label.flags | select(SOME, 0u, label.lost);
  let broken = (flags & (SOME | SAW_NAN | HAS_INFINITY)) != SOME;
  return Outcome(base, term, rest, whole, log1p(whole - 1.0), heat, sums.pull.x, mixOf(nothing()),
    ownOf(row), label, flags | select(0u, HAS_NAN, broken));
}

fn turnedSums(sums: FourSums) -> FourSums {
  return FourSums(sums.base.yzwx, sums.rest.yzwx, sums.low.yzwx, sums.heat.yzwx, sums.mix, sums.pull.yzwx,
    sums.height, sums.flags.yzwx);
}
