// exp and log to about one ulp everywhere. The builtins may be off by 3 + 2|x| ulp and by 2^-21 in
// [0.5, 2]: too much where a gradient is the difference of two probabilities, or a divergence a sum of
// differences of logarithms. Reductions and polynomials: Cephes expf and logf.

// exp(x) for x <= 0: exactly 0 below -87, where a device may flush.
fn expSafe(x: f32) -> f32 {
  let bounded = clamp(x, -87.0, 0.0);
  let n = floor(bounded * LOG2E + 0.5);
  // log 2 in two parts, of which the first is short: its product with n is exact.
  let r = (bounded - n * 0.693359375) + n * 2.1219444e-4;
  let series = 0.5 + r * (0.16666665 + r * (0.041665796 + r * (0.008333452 + r * (0.0013982
    + r * 1.9875692e-4))));
  let scale = bitcast<f32>(u32(i32(n) + 127) << 23u);
  return select(0.0, (1.0 + (r + r * r * series)) * scale, x > -87.0);
}

// log(x) for x > 0 that is no subnormal.
fn logSafe(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  let whole = bitcast<f32>((bits & 0x007fffffu) | 0x3f800000u);
  let high = whole > 1.4142135;
  let f = select(whole, 0.5 * whole, high) - 1.0;
  let e = f32(i32(bits >> 23u) - 127 + select(0, 1, high));
  let q = f * f;
  let series = 0.33333331 + f * (-0.24999994 + f * (0.20000715 + f * (-0.16668058 + f * (0.14249323
    + f * (-0.12420141 + f * (0.116769984 + f * (-0.1151461 + f * 0.070376836)))))));
  let low = f * q * series - 2.1219444e-4 * e - 0.5 * q;
  return (f + low) + 0.693359375 * e;
}

// log(1 + x) for x > -1.
fn log1pSafe(x: f32) -> f32 {
  let s = x / (2.0 + x);
  let q = s * s;
  let series = 2.0 * s * (1.0 + q * (0.33333334 + q * (0.2 + q * (0.14285715 + q * 0.11111111))));
  return select(logSafe(1.0 + x), series, x > -0.33 && x < 0.5);
}
