// What hooks of losses use of functions, beside math.wgsl.

// exp for x <= 0 that never touches a subnormal: exactly 0 below -87, where a device may flush.
fn expGuarded(x: f32) -> f32 {
  return select(0.0, exp(max(x, -87.0)), x > -87.0);
}

// exp(x) - 1, exact to a few ulp where the subtraction would cancel.
fn expm1(x: f32) -> f32 {
  let series = x * (1.0 + x * (0.5 + x * (0.16666667 + x * (0.041666668
    + x * (0.008333334 + x * (0.0013888889 + x * 0.0001984127))))));
  return select(exp(min(x, 88.0)) - 1.0, series, abs(x) < 0.5);
}

// log(1 + exp(x)) without overflow, and without losing exp(x) next to 1.
fn softplus(x: f32) -> f32 {
  return max(x, 0.0) + log1p(expGuarded(-abs(x)));
}

fn sigmoid(x: f32) -> f32 {
  let t = expGuarded(-abs(x));
  return select(1.0, t, x < 0.0) / (1.0 + t);
}
