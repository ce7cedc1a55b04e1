// How two rows of numbers meet in a product of matrices, four by four.

fn met(l: vec4f, r: vec4f, x: f32) -> f32 {
  return dot(l, r);
}
