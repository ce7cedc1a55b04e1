// Softmax losses on similarities: what is known of a part of a line, and of two parts together.

@group(0) @binding(4) var<storage, read> scales: array<f32>;  // (3) scale, bias, chain

struct Scan {
  peak: f32,
  first: u32,  // of those that reach the peak
  rest: f32,  // sum of exp((s - peak) scale) but for that one; -1 where there is none
  pull: f32,  // sum over the positives
  count: f32,  // of positives
  height: u32,  // largest magnitude, as bits
}
alias Joint = Scan;

const NONE: u32 = 0xffffffffu;

// What a difference of two similarities becomes under exp2.
fn exponent() -> f32 {
  return scales[0] * LOG2E;
}

fn joined(a: Scan, b: Scan) -> Scan {
  var high = a;
  var low = b;
  if (b.peak > a.peak || (b.peak == a.peak && b.first < a.first)) {
    high = b;
    low = a;
  }
  let fall = select(low.peak - high.peak, 0.0, low.first == NONE);
  let rest = high.rest + (low.rest + 1.0) * exp2(max(fall * exponent(), -126.0));
  return Scan(high.peak, high.first, rest, a.pull + b.pull, a.count + b.count,
    max(a.height, b.height));
}
