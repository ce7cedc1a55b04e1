// What only the whole call knows: how many rows had no direction, and how much the positives tell.

@group(0) @binding(1) var<storage, read> left: array<f32>;  // (rows) powers of two
@group(0) @binding(2) var<storage, read> right: array<f32>;  // (columns) powers of two
@group(0) @binding(3) var<storage, read> loss: array<f32>;  // (1)
@group(0) @binding(4) var<storage, read_write> status: array<u32>;  // (5)
@group(0) @binding(5) var<storage, read_write> bound: array<f32>;  // (1)

const LINES: u32 = 1u;
const THREADS: u32 = LANES;

alias Joint = u32;

fn joined(a: Joint, b: Joint) -> Joint {
  return a + b;
}

@compute @workgroup_size(THREADS)
fn main(@builtin(local_invocation_index) thread: u32) {
  var count = 0u;
  for (var row = thread; row < params.leftRows; row += LANES) {
    count += select(0u, 1u, left[params.leftStart + row] == 0.0);
  }
  for (var row = thread; row < params.rightRows; row += LANES) {
    count += select(0u, 1u, right[params.rightStart + row] == 0.0);
  }
  count = joinedLanes(count, thread);
  if (thread == 0u) {
    if (ALONE) {
      // No other pass writes the status of a function.
      status[0] = bitcast<u32>(1.0);
      status[1] = bitcast<u32>(params.numbers);
      status[2] = 0u;
      status[3] = 0u;
    }
    status[4] = count + select(0u, status[4], MORE);
    if (BOUND) {
      bound[0] = logSafe(f32(params.candidates)) - loss[0];
    }
  }
}
