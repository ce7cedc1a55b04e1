// Row losses, the numbers that stand against the first tensor's.

@group(0) @binding(2) var<storage, read> second: array<u32>;  // (rows, classes), or a table

fn secondBits(place: u32) -> u32 {
  let at = params.secondStart + place;
  if (SECOND_STORAGE == 0u) {
    return second[at];
  }
  return widened(SECOND_STORAGE, second[at / 2u], at);
}
