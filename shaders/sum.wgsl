// Sums of numbers given as bits of f32. NaN and infinity never enter the arithmetic: flags stand for
// them, so that the answer does not depend on what a device makes of them.

struct Sum { value: f32, flags: u32, nonFinite: u32, count: u32 }

alias Part = Sum;

const SAW_NAN: u32 = 1u;
const SAW_PLUS: u32 = 2u;
const SAW_MINUS: u32 = 4u;

fn nothing() -> Sum {
  return Sum(0.0, 0u, 0u, 0u);
}

fn joined(a: Sum, b: Sum) -> Sum {
  return Sum(a.value + b.value, a.flags | b.flags, a.nonFinite + b.nonFinite, a.count + b.count);
}

// One number as a sum of its own.
fn summand(bits: u32) -> Sum {
  let magnitude = bits & 0x7fffffffu;
  let isNumber = magnitude < INFINITY_BITS;
  let infinite = select(SAW_PLUS, SAW_MINUS, bits >= 0x80000000u);
  let odd = select(infinite, SAW_NAN, magnitude > INFINITY_BITS);
  return Sum(bitcast<f32>(select(0u, bits, isNumber)), select(odd, 0u, isNumber),
    select(1u, 0u, isNumber), 1u);
}

// What the sum of all numbers is: infinite after one infinity, NaN after two of different sign.
fn bitsOf(sum: Sum) -> u32 {
  let both = (sum.flags & (SAW_PLUS | SAW_MINUS)) == (SAW_PLUS | SAW_MINUS);
  let infinite = select(INFINITY_BITS, MINUS_INFINITY_BITS, (sum.flags & SAW_MINUS) != 0u);
  let odd = select(select(infinite, NAN_BITS, both), NAN_BITS, (sum.flags & SAW_NAN) != 0u);
  return select(odd, bitcast<u32>(sum.value), sum.flags == 0u);
}
