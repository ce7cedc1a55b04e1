// Takes gradients from blocks back to the vectors as the caller gave them: where NORMALISED less what
// points along the vector, for the division by the length takes that away. A row without direction has
// gradient exactly 0.

@group(0) @binding(1) var<storage, read> vectors: array<vec4f>;  // (rowBlocks, depthBlocks, 4 rows)
@group(0) @binding(2) var<storage, read> slopes: array<vec4f>;  // (rowBlocks, depthBlocks, 4 rows)
@group(0) @binding(3) var<storage, read> powers: array<f32>;  // (all rows) powers of two
@group(0) @binding(4) var<storage, read> inverses: array<f32>;  // (all rows) 1 / length
@group(0) @binding(5) var<storage, read_write> gradient: array<f32>;  // (rows, depth)

const LINES: u32 = ROWS;
const THREADS: u32 = LANES * ROWS;

alias Joint = f32;

fn joined(a: Joint, b: Joint) -> Joint {
  return a + b;
}

fn alongOf(first: u32, lane: u32) -> f32 {
  var sum = vec4f(0.0);
  for (var quad = lane; quad < ENDLESS; quad += LANES) {
    if (quad >= params.depthBlocks) {
      break;
    }
    sum += vectors[first + 4u * quad] * slopes[first + 4u * quad];
  }
  return dot(sum, vec4f(1.0));
}

fn store(place: u32, k: u32, g: f32) {
  if (k < params.depth) {
    gradient[params.gradientStart + place * params.depth + k] = g;
  }
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let place = (group.y * params.gridWidth + group.x) * ROWS + thread % ROWS;
  let lane = thread / ROWS;
  let row = params.firstRow + place / params.rows * params.padded + place % params.rows;
  let slot = row - params.boundRow;
  let first = slot / 4u * params.depthBlocks * 4u + slot % 4u;
  let exists = place < params.count;
  var lean = 0.0;
  var power = 1.0;
  var isFixed = false;
  if (NORMALISED) {
    var inverse = 0.0;
    if (exists) {
      lean = alongOf(first, lane);
      power = powers[row];
      inverse = inverses[row];
    }
    lean = joinedLanes(lean, thread) * inverse * inverse;
    isFixed = inverse == 0.0;
  }
  if (!exists) {
    return;
  }
  for (var quad = lane; quad < ENDLESS; quad += LANES) {
    if (quad >= params.depthBlocks) {
      break;
    }
    var g = slopes[first + 4u * quad];
    if (NORMALISED) {
      g = (g - lean * vectors[first + 4u * quad]) * power;
      // One number alone cannot turn: what is left of the difference is noise.
      let isNoise = params.depth == 1u && isFiniteBits(bitcast<u32>(g.x));
      g = select(g, vec4f(0.0), isFixed || isNoise);
    }
    store(place, 4u * quad, g.x);
    store(place, 4u * quad + 1u, g.y);
    store(place, 4u * quad + 2u, g.z);
    store(place, 4u * quad + 3u, g.w);
  }
}
