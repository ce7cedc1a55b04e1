// Exponentials to about two ulp everywhere: the builtin may be off by 3 + 2|x| ulp, which a loss that
// is an exponential would show. Reduction and polynomial: Cephes expf.

// 2^n for whole n in [-126, 127].
fn powerOfTwo(n: i32) -> f32 {
  return bitcast<f32>(u32(n + 127) << 23u);
}

// exp(x); exactly 0 below -87, where a device may flush subnormals.
fn expWide(x: f32) -> f32 {
  let bounded = clamp(x, -87.0, 89.0);
  let n = round(bounded * LOG2E);
  // log 2 in two parts, of which the first is short: its product with n is exact.
  let r = (bounded - n * 0.693359375) + n * 2.1219444e-4;
  let series = 0.5 + r * (0.16666665 + r * (0.041665796 + r * (0.008333452
    + r * (0.0013981999 + r * 1.9875691e-4))));
  let half = i32(n) / 2;
  let scaled = (1.0 + (r + r * r * series)) * powerOfTwo(half) * powerOfTwo(i32(n) - half);
  return select(0.0, scaled, x > -87.0);
}

// exp(x) - 1.
fn expm1Wide(x: f32) -> f32 {
  return select(expWide(x) - 1.0, expm1(x), abs(x) < 0.5);
}

// exp(x) - 1 - x, which is half of x squared near 0: there nothing is left of the difference.
fn expm1Less(x: f32) -> f32 {
  let series = x * x * (0.5 + x * (0.16666667 + x * (0.041666668 + x * (0.008333334
    + x * (0.0013888889 + x * (1.984127e-4 + x * (2.4801588e-5 + x * (2.7557319e-6
    + x * 2.7557319e-7))))))));
  return select((expWide(x) - 1.0) - x, series, abs(x) < 1.0);
}
