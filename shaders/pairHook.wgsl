// Losses that judge every pair alone: the sum over each row, and where GRADIENT the slopes over the
// similarities. Before it stands the loss's hook, fn pair(score, isPositive) -> Dual.

@group(0) @binding(3) var<storage, read_write> similarities: array<vec4f>;  // (rowBlocks, columnBlocks, 4 rows)
@group(0) @binding(4) var<storage, read> scales: array<f32>;  // (3) scale, bias, chain
@group(0) @binding(5) var<storage, read> totals: array<f32>;  // (segments, 2 more)
@group(0) @binding(6) var<storage, read_write> sums: array<u32>;  // (3, chunks, lines) bits of f32
@group(0) @binding(7) var<storage, read> leftInverses: array<f32>;  // (lines) 1 / lengths
@group(0) @binding(8) var<storage, read> rightInverses: array<vec4f>;  // (columnBlocks) 1 / lengths

const TRIPS: u32 = 64u;  // summed apart: one running sum would drift

struct Dual { value: f32, slope: f32 }
struct Joint { value: f32, moment: f32, shift: f32, height: u32 }

fn joined(a: Joint, b: Joint) -> Joint {
  return Joint(a.value + b.value, a.moment + b.moment, a.shift + b.shift, max(a.height, b.height));
}

struct Duals { values: vec4f, slopes: vec4f }

fn judged(scores: vec4f, hits: vec4<bool>) -> Duals {
  let a = pair(scores.x, hits.x);
  let b = pair(scores.y, hits.y);
  let c = pair(scores.z, hits.z);
  let d = pair(scores.w, hits.w);
  return Duals(vec4f(a.value, b.value, c.value, d.value),
    vec4f(a.slope, b.slope, c.slope, d.slope));
}

fn rowOf(line: Line, own: u32, q: u32, begin: u32, end: u32, factor: f32) -> Joint {
  var all = Joint(0.0, 0.0, 0.0, 0u);
  var heights = vec4u(0u);
  for (var chunk = begin; chunk < end; chunk += TRIPS * LANES) {
    let stop = min(chunk + TRIPS * LANES, end);
    var value = vec4f(0.0);
    var moment = vec4f(0.0);
    var shift = vec4f(0.0);
    for (var block = chunk; block < stop; block += LANES) {
      let at = (own * params.stride + block) * 4u + q;
      let x = similarities[at];
      let bits = bitcast<vec4u>(x) & vec4u(0x7fffffffu);
      heights = max(heights, bits);
      let there = areThere(line, block, params.columns);
      let found = judged(scales[0] * x + scales[1], areHits(line, block));
      value += select(vec4f(0.0), found.values, there);
      if (GRADIENT) {
        let g = select(vec4f(0.0), factor * found.slopes, there & vec4<bool>(factor != 0.0));
        let broken = (bits >= vec4u(INFINITY_BITS)) & vec4<bool>(factor != 0.0);
        moment += g * x;
        shift += g;
        let lost = bitcast<f32>(NAN_BITS | (params.rows >> 31u));
        var slopes = g * scales[0];
        if (NORMALISED) {
          slopes *= leftInverses[line.number] * rightInverses[block];
        }
        similarities[at] = select(slopes, vec4f(lost), broken);
      }
    }
    all = joined(all, Joint(dot(value, vec4f(1.0)), dot(moment, vec4f(1.0)),
      dot(shift, vec4f(1.0)), 0u));
  }
  all.height = max(max(heights.x, heights.y), max(heights.z, heights.w));
  return all;
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let team = group.y * params.gridWidth + group.x;
  let own = team % params.ownBlocks;
  let chunk = team / params.ownBlocks;
  let q = thread % LINES;
  let lane = thread / LINES;
  let number = 4u * (params.ownFirst + own) + q;
  let row = min(number, params.rows - 1u);
  let info = rowInfo[row];
  let isCounted = number < params.rows && info.label < OUT_OF_RANGE;
  let factor = select(0.0, info.gradientFactor * totals[row / params.segmentLength], isCounted);
  let end = min((chunk + 1u) * params.chunkBlocks, params.otherBlocks);
  let begin = chunk * params.chunkBlocks + lane;
  let found = joinedLanes(rowOf(lineOf(number), own, q, begin, end, factor), thread);
  if (lane == 0u && begin < end) {
    let planes = params.chunks * params.lines;
    let at = chunk * params.lines + number;
    let isLost = !isFiniteBits(found.height);
    sums[at] = select(bitcast<u32>(found.value), NAN_BITS, isLost);
    let isBroken = isLost && factor != 0.0;
    sums[planes + at] = select(bitcast<u32>(found.moment * scales[2]), NAN_BITS, isBroken);
    sums[2u * planes + at] = select(bitcast<u32>(found.shift), NAN_BITS, isBroken);
  }
}
