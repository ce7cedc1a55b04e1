// How two rows of numbers meet in squared distances, four by four.

fn met(l: vec4f, r: vec4f, x: f32) -> f32 {
  let gap = l - r;
  return dot(gap, gap);
}
