// Reads vectors into blocks of 4 x 4 (four rows, each of four numbers), and where NORMALISED finds their
// lengths. Rows of very large or small numbers are scaled by a power of two, so that those of 1e20 and of
// 1e-30 keep their direction; rows are divided by their lengths only once products are sums. A row below the
// smallest normal number has no direction, and 0 in the place of 1 / length.

struct RowInfo { label: u32, valueFactor: f32, gradientFactor: f32 }

@group(0) @binding(2) var<storage, read> rowInfo: array<RowInfo>;  // (losses)
@group(0) @binding(3) var<storage, read_write> blocks: array<vec4u>;  // (rowBlocks, depthBlocks, 4 rows) bits of f32
@group(0) @binding(4) var<storage, read_write> powers: array<f32>;  // (all rows) powers of two
@group(0) @binding(5) var<storage, read_write> inverses: array<f32>;  // (all rows) 1 / length

const LINES: u32 = ROWS;
const SKIPPED: u32 = 0xffffffffu;
const SMALLEST: u32 = 0x00800000u;

struct Joint { top: u32, sum: f32 }

fn joined(a: Joint, b: Joint) -> Joint {
  return Joint(max(a.top, b.top), a.sum + b.sum);
}

struct Vector { base: u32, top: u32, isRead: bool, power: f32, inverse: f32 }

fn isDirected(top: u32) -> bool {
  return top >= SMALLEST && top < INFINITY_BITS;
}

// Squares of such numbers neither overflow nor matter where they underflow.
fn isTame(top: u32) -> bool {
  return top >= 0x30800000u && top < 0x4e800000u;  // 2^-30 to 2^30
}

// The largest magnitude, and the sum of the squares of the row times `power`.
fn measured(base: u32, lane: u32, power: f32) -> Joint {
  var joint = Joint(0u, 0.0);
  for (var begin = lane; begin < params.depth; begin += BLOCK) {
    let end = min(begin + BLOCK, params.depth);
    var part = 0.0;
    for (var k = begin; k < end; k += LANES) {
      let bits = firstBits(base + k);
      joint.top = max(joint.top, bits & 0x7fffffffu);
      let x = power * bitcast<f32>(bits);
      part += x * x;
    }
    joint.sum += part;
  }
  return joint;
}

fn bitsAt(vector: Vector, k: u32) -> u32 {
  if (!vector.isRead || k >= params.depth) {
    return 0u;
  }
  let bits = firstBits(vector.base + k);
  if (!NORMALISED) {
    return bits;
  }
  if (!isDirected(vector.top)) {
    return select(0u, NAN_BITS, vector.top >= SMALLEST);
  }
  return bitcast<u32>(bitcast<f32>(bits) * vector.power);
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let place = (group.y * params.gridWidth + group.x) * ROWS + thread % ROWS;
  let lane = thread / ROWS;
  let row = params.firstRow + place;
  let item = place / params.padded;
  let exists = item < params.items;
  var isRead = exists && place % params.padded < params.rows;
  if (SKIPS && isRead) {
    isRead = rowInfo[row].label != SKIPPED;
  }
  var vector = Vector((item * params.rows + place % params.padded) * params.depth, SMALLEST, isRead, 1.0, 1.0);
  if (NORMALISED) {
    var found = Joint(0u, 0.0);
    if (isRead) {
      found = measured(vector.base, lane, 1.0);
    }
    found = joinedLanes(found, thread);
    vector.top = found.top;
    var scaled = Joint(0u, 0.0);
    if (isDirected(found.top) && !isTame(found.top)) {
      vector.power = bitcast<f32>((254u - min(found.top >> 23u, 253u)) << 23u);
      if (isRead) {
        scaled = measured(vector.base, lane, vector.power);
      }
    }
    scaled = joinedLanes(scaled, thread);
    if (isDirected(found.top)) {
      vector.inverse = 1.0 / sqrt(select(scaled.sum, found.sum, isTame(found.top)));
    }
  }
  if (exists) {
    let slot = row - params.boundRow;
    for (var quad = lane; quad < params.depthBlocks; quad += LANES) {
      let k = 4u * quad;
      let at = (slot / 4u * params.depthBlocks + quad) * 4u + slot % 4u;
      blocks[at] = vec4u(bitsAt(vector, k), bitsAt(vector, k + 1u), bitsAt(vector, k + 2u),
        bitsAt(vector, k + 3u));
    }
    if (lane == 0u) {
      let isLost = isRead && vector.top < SMALLEST;
      powers[row] = select(vector.power, 0.0, isLost);
      inverses[row] = select(0.0, vector.inverse, isRead && !isLost);
    }
  }
}
