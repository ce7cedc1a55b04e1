// Both softplus (`up`, `down`) and both sigmoids of z from one exponential, for hooks that need them all.

struct Logistic { up: f32, down: f32, p: f32, miss: f32 }

fn logistic(z: f32) -> Logistic {
  let t = expGuarded(-abs(z));
  let tail = log1p(t);
  let small = t / (1.0 + t);
  let large = 1.0 / (1.0 + t);
  return Logistic(max(z, 0.0) + tail, max(-z, 0.0) + tail, select(large, small, z < 0.0),
    select(small, large, z < 0.0));
}
