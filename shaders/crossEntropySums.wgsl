// Cross-entropy, what is known of a part of a row, and how two parts become one. Exponents are
// measured from a base near the largest logit, so that nothing overflows and nothing that counts
// vanishes. The label's own term is left out: log1p(rest / own) stays exact for confident rows.

struct Sums {
  base: f32,  // at most 3 nats below the largest unit
  rest: f32,  // sum of exp(x - base) but for the label
  dust: f32,  // what of that comes in portions below DUST
  heat: f32,  // sum of exp(x - base) (base - x) / 2, likewise, for the entropy
  mix: f32,  // sum of coefficients (smoothed or soft targets)
  pull: f32,  // sum of coefficient (base - x) / 2
  flags: u32,
}

// Next to one dominant term each of many small ones would be rounded away: 1e-6 of the sum was lost.
const DUST: f32 = 0.015625;

const SAW_NAN: u32 = 1u;  // a logit of NaN
const HAS_INFINITY: u32 = 2u;  // a logit of +infinity
const CAREFUL: u32 = 4u;  // some logit is no ordinary number
const BEATEN: u32 = 8u;  // some class comes before the label in argmax
const ABOVE: u32 = 16u;  // a coefficient times an infinite loss: +infinity
const BELOW: u32 = 32u;  // the same with a negative weight
const SOME: u32 = 64u;  // there is a finite logit
const HAS_NAN: u32 = 128u;  // loss and gradient are NaN

fn nothing() -> Sums {
  return Sums(LOWEST, 0.0, 0.0, 0.0, 0.0, 0.0, 0u);
}

fn rebased(row: Row, sums: Sums, base: f32) -> Sums {
  let fade = decay(row, sums.base, base);
  let gap = 0.5 * base - 0.5 * sums.base;
  var next = sums;
  next.base = base;
  next.rest *= fade;
  next.dust *= fade;
  if ((STATS & 4u) != 0u) {
    // What has faded first: a gap of 1e38 times the sum before would be no number.
    next.heat = sums.heat * fade + gap * (next.rest + next.dust);
  }
  if (MIXED) {
    next.pull += sums.mix * gap;
  }
  return next;
}

fn added(a: Sums, b: Sums) -> Sums {
  return Sums(a.base, a.rest + b.rest, a.dust + b.dust, a.heat + b.heat, a.mix + b.mix,
    a.pull + b.pull, a.flags | b.flags);
}

fn joined(row: Row, a: Sums, b: Sums) -> Sums {
  let base = max(a.base, b.base);
  return added(rebased(row, a, base), rebased(row, b, base));
}

// What a coefficient adds to the loss where the class is impossible; 0 log 0 is 0.
fn lossOfImpossible(coefficient: f32) -> u32 {
  return select(select(0u, BELOW, coefficient < 0.0), ABOVE, coefficient > 0.0);
}

// What a whole row comes to.
struct Outcome {
  base: f32,
  term: f32,  // the label's own
  rest: f32,
  whole: f32,
  logSum: f32,  // log of the whole
  heat: f32,
  pull: f32,
  mix: f32,
  own: f32,  // weight of the label
  label: Element,
  flags: u32,
}

fn outcomeOf(row: Row, sums: Sums, label: Element) -> Outcome {
  let term = select(0.0, decay(row, label.unit, sums.base), INDEXED & !label.lost);
  let heat = sums.heat + term * (0.5 * sums.base - 0.5 * label.unit);
  let rest = sums.rest + sums.dust;
  // The greatest comes last: each rounding of the whole is one of every probability.
  let whole = max(max(sums.rest, term) + (min(sums.rest, term) + sums.dust), 1e-30);
  let broken = (sums.flags & (SOME | SAW_NAN | HAS_INFINITY)) != SOME;
  return Outcome(sums.base, term, rest, whole, log(whole), heat, sums.pull, mixOf(sums),
    ownOf(row), label, sums.flags | select(0u, HAS_NAN, broken));
}
