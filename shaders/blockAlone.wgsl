// A block of the right side as each lane reads it by itself.

fn wholeBlock(at: u32, lane: u32) -> mat4x4f {
  return right[at];
}
