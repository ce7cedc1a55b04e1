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
const TRIPS: u32 = 64u;  // summed apart: one running sum would drift
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

// Which of four numbers are the row's: not those beyond it, nor any of a row that is not read.
fn insideAt(vector: Vector, quad: u32) -> vec4<bool> {
  let depth = select(0u, params.depth, vector.isRead);
  return 4u * quad + vec4u(0u, 1u, 2u, 3u) < vec4u(depth);
}

fn quadAt(vector: Vector, quad: u32) -> vec4u {
  let at = vector.base + 4u * quad;
  let bits = vec4u(firstBits(at), firstBits(at + 1u), firstBits(at + 2u), firstBits(at + 3u));
  return select(vec4u(0u), bits, insideAt(vector, quad));
}

// The largest magnitude, and the sum of the squares of the row times `power`.
fn measured(vector: Vector, lane: u32, power: f32) -> Joint {
  var tops = vec4u(0u);
  var sum = 0.0;
  for (var begin = lane; begin < params.depthBlocks; begin += TRIPS * LANES) {
    let end = min(begin + TRIPS * LANES, params.depthBlocks);
    var part = vec4f(0.0);
    for (var quad = begin; quad < ENDLESS; quad += LANES) {
      if (quad >= end) {
        break;
      }
      let bits = quadAt(vector, quad);
      tops = max(tops, bits & vec4u(0x7fffffffu));
      let x = power * bitcast<vec4f>(bits);
      part += x * x;
    }
    sum += (part.x + part.z) + (part.y + part.w);  // in the order of the lanes
  }
  return Joint(max(max(tops.x, tops.y), max(tops.z, tops.w)), sum);
}

fn blockAt(vector: Vector, quad: u32) -> vec4u {
  let bits = quadAt(vector, quad);
  if (!NORMALISED) {
    return bits;
  }
  let scaled = bitcast<vec4u>(bitcast<vec4f>(bits) * vector.power);
  let lost = select(0u, NAN_BITS, vector.top >= SMALLEST);
  let kept = select(vec4u(lost), scaled, isDirected(vector.top));
  return select(vec4u(0u), kept, insideAt(vector, quad));
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
      found = measured(vector, lane, 1.0);
    }
    found = joinedLanes(found, thread);
    vector.top = found.top;
    var scaled = Joint(0u, 0.0);
    if (isDirected(found.top) && !isTame(found.top)) {
      vector.power = bitcast<f32>((254u - min(found.top >> 23u, 253u)) << 23u);
      if (isRead) {
        scaled = measured(vector, lane, vector.power);
      }
    }
    scaled = joinedLanes(scaled, thread);
    if (isDirected(found.top)) {
      vector.inverse = 1.0 / sqrt(select(scaled.sum, found.sum, isTame(found.top)));
    }
  }
  if (exists) {
    let slot = row - params.boundRow;
    let start = slot / 4u * params.depthBlocks * 4u + slot % 4u;
    for (var quad = lane; quad < ENDLESS; quad += LANES) {
      if (quad >= params.depthBlocks) {
        break;
      }
      blocks[start + 4u * quad] = blockAt(vector, quad);
    }
    if (lane == 0u) {
      let isLost = isRead && vector.top < SMALLEST;
      powers[row] = select(vector.power, 0.0, isLost);
      inverses[row] = select(0.0, vector.inverse, isRead && !isLost);
    }
  }
}
