// How slopes meet the numbers that pull at `x`, which their gradient is of, four by four.

fn met(l: vec4f, r: vec4f, x: f32) -> f32 {
  return dot(l, x - r);
}
