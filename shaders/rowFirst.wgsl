// Row losses, how the numbers of a tensor of rows are read: as the bits of f32, whatever their format.

@group(0) @binding(1) var<storage, read> first: array<u32>;  // (rows, classes)

const THREADS: u32 = LANES * ROWS;
const BLOCK: u32 = 64u * LANES;  // elements summed apart: one running f32 sum drifts by 5e-4
const LARGEST: f32 = 3.4028234e38;

// The element `at` of a tensor in f16 or bf16, two to a word.
fn widened(storage: u32, word: u32, at: u32) -> u32 {
  let half = (word >> (at % 2u * 16u)) & 0xffffu;
  if (storage == 1u) {
    return f16ToBits(half);
  }
  return bf16ToBits(half);
}

fn firstBits(place: u32) -> u32 {
  let at = params.firstStart + place;
  if (FIRST_STORAGE == 0u) {
    return first[at];
  }
  return widened(FIRST_STORAGE, first[at / 2u], at);
}

// a - b, at most the largest number where the difference is beyond it.
fn difference(a: f32, b: f32) -> f32 {
  return 2.0 * clamp(0.5 * a - 0.5 * b, -0.5 * LARGEST, 0.5 * LARGEST);
}
