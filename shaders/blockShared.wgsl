// A block of the right side that four lanes read a column each, and tell one another.

fn wholeBlock(at: u32, lane: u32) -> mat4x4f {
  let column = right[at][lane];
  return mat4x4f(subgroupBroadcast(column, 0u), subgroupBroadcast(column, 1u),
    subgroupBroadcast(column, 2u), subgroupBroadcast(column, 3u));
}
