// Softmax losses on similarities, second pass: every similarity is replaced by the slope of the loss
// with respect to it, from its row and, where BOTH, from its column too (SHARED: the columns are rows);
// where NORMALISED it becomes the slope by the product of the rows as they lie, before the lengths.

@group(0) @binding(3) var<storage, read_write> similarities: array<vec4f>;  // (rowBlocks, columnBlocks, 4 rows)
@group(0) @binding(4) var<storage, read> scales: array<f32>;  // (3) scale, bias, chain
@group(0) @binding(5) var<storage, read> verdicts: array<vec4f>;  // (sides, 5, lineBlocks)
@group(0) @binding(6) var<storage, read_write> moments: array<f32>;  // (chunks, lines)
@group(0) @binding(7) var<storage, read> leftInverses: array<f32>;  // (lines) 1 / lengths
@group(0) @binding(8) var<storage, read> rightInverses: array<vec4f>;  // (columnBlocks) 1 / lengths

const TRIPS: u32 = 64u;  // summed apart: one running sum would drift

alias Joint = f32;

fn joined(a: Joint, b: Joint) -> Joint {
  return a + b;
}

// Four lines' verdicts; for the row of an invocation all four are the same.
struct Side { peak: vec4f, centre: vec4f, push: vec4f, own: vec4f, peakSlope: vec4f }

fn sideOf(side: u32, block: u32) -> Side {
  let planes = params.lines / 4u;
  let at = side * 5u * planes + block;
  return Side(verdicts[at], verdicts[at + planes], verdicts[at + 2u * planes],
    verdicts[at + 3u * planes], verdicts[at + 4u * planes]);
}

fn spread(side: Side, q: u32) -> Side {
  return Side(vec4f(side.peak[q]), vec4f(side.centre[q]), vec4f(side.push[q]), vec4f(side.own[q]),
    vec4f(side.peakSlope[q]));
}

// What the sum over all candidates gives each of them. A line without a part gives exactly 0.
fn pushes(side: Side, x: vec4f, scale: f32) -> vec4f {
  let e = exp2Safe((x - side.peak) * scale);
  return select(side.push * e, vec4f(0.0), side.push == vec4f(0.0));
}

// The slope at a positive, given what it has from the sum.
fn atPositive(side: Side, x: vec4f, pushed: vec4f) -> vec4f {
  if (SKIP_POSITIVE) {
    return -side.own;
  }
  return select(pushed - side.own, side.peakSlope, x == side.peak);
}

struct Slopes { slopes: vec4f, moment: vec4f }

fn slopesOf(line: Line, row: Side, x: vec4f, block: u32, scale: f32) -> Slopes {
  let plain = isPlain(line, block, params.columns);
  var columns = row;
  var across = pushes(row, x, scale);
  var down = vec4f(0.0);
  if (BOTH) {
    columns = sideOf(select(1u, 0u, SHARED), block);
    down = pushes(columns, x, scale);
  }
  if (!plain) {
    let candidates = areCandidates(line, block, params.columns);
    across = select(vec4f(0.0), across, candidates);
    down = select(vec4f(0.0), down, candidates);
  }
  var moment = across * (x - row.centre);
  if (BOTH && !SHARED) {
    moment += down * (x - columns.centre);
  }
  var slopes = across + down;
  if (!plain) {
    let hits = areHits(line, block) & areThere(line, block, params.columns);
    var positive = atPositive(row, x, across);
    if (BOTH) {
      positive += atPositive(columns, x, down);
    }
    slopes = select(slopes, positive, hits);
  }
  return Slopes(slopes, moment);
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
  let line = lineOf(number);
  let row = spread(sideOf(0u, params.ownFirst + own), q);
  let scale = scales[0] * LOG2E;
  let end = min((chunk + 1u) * params.chunkBlocks, params.otherBlocks);
  var factor = scales[0];
  if (NORMALISED) {
    factor *= leftInverses[number];
  }
  var moment = 0.0;
  for (var begin = chunk * params.chunkBlocks + lane; begin < end; begin += TRIPS * LANES) {
    let stop = min(begin + TRIPS * LANES, end);
    var part = vec4f(0.0);
    for (var block = begin; block < stop; block += LANES) {
      let at = (own * params.stride + block) * 4u + q;
      let found = slopesOf(line, row, similarities[at], block, scale);
      var slopes = found.slopes * factor;
      if (NORMALISED) {
        slopes *= rightInverses[block];
      }
      similarities[at] = slopes;
      part += found.moment;
    }
    moment += dot(part, vec4f(1.0));
  }
  let whole = joinedLanes(moment, thread);
  if (lane == 0u && chunk * params.chunkBlocks < end) {
    let there = number < params.rows;
    moments[chunk * params.lines + number] = select(0.0, whole * scales[2], there);
  }
}
