// What each row's loss is multiplied by, and what it brings to the denominator. A team of LANES takes
// BLOCK rows of one segment and sums them in a fixed order. The sums go to `totals`, three numbers each,
// which settle.wgsl reads; the WHOLE of the rows is settled here. All tensors of one number a row begin at
// `firstRow`: where one binding cannot hold them, a dispatch takes `blocks` blocks from `firstBlock` on.

struct RowInfo { label: u32, valueFactor: f32, gradientFactor: f32 }

@group(0) @binding(1) var<storage, read> labels: array<u32>;  // (rows) words of 32 or 64 bits
@group(0) @binding(2) var<storage, read> mask: array<u32>;  // (rows)
@group(0) @binding(3) var<storage, read> sampleWeight: array<f32>;  // (rows)
@group(0) @binding(4) var<storage, read> upstream: array<f32>;  // (rows) or one
@group(0) @binding(5) var<storage, read> classWeights: array<f32>;  // (classes)
@group(0) @binding(6) var<storage, read_write> rowInfo: array<RowInfo>;  // (rows)
@group(0) @binding(7) var<storage, read_write> totals: array<f32>;  // (blocks, 3), or (3) of the whole
@group(0) @binding(8) var<storage, read_write> status: array<u32>;  // (5)

const THREADS: u32 = LANES * TEAMS;
const SKIPPED: u32 = 0xffffffffu;
const OUT_OF_RANGE: u32 = 0xfffffffeu;

// A label as a class, SKIPPED or OUT_OF_RANGE. 64-bit labels are two words, the low one first.
fn labelAt(place: u32) -> u32 {
  var label = 0u;
  if (LABEL_WORDS > 0u) {
    var isSkipped = SHIFTED && (params.firstRow + place) % params.shift == params.shift - 1u;
    let at = (params.labelsStart + place + select(0u, 1u, SHIFTED)) * LABEL_WORDS;
    let low = labels[at];
    var high = select(0u, 0xffffffffu, LABEL_SIGNED & (low >= 0x80000000u));
    if (LABEL_WORDS == 2u) {
      high = labels[at + 1u];
    }
    isSkipped |= IGNORES & (low == params.ignoreLow) & (high == params.ignoreHigh);
    label = select(OUT_OF_RANGE, low, (high == 0u) & (low < params.classes));
    label = select(label, SKIPPED, isSkipped);
  }
  return label;
}

fn prepareRow(place: u32) -> Brought {
  let m = maskAt(place);
  let label = select(labelAt(place), SKIPPED, m == 0.0);
  var info = RowInfo(label, 0.0, 0.0);
  var brought = Brought(0.0, 0.0, select(0u, 1u, label == OUT_OF_RANGE), 0.0);
  if (label < OUT_OF_RANGE) {
    var s = 1.0;
    if (SAMPLE_WEIGHTED) {
      s = sampleWeight[params.sampleWeightStart + place];
    }
    var c = 1.0;
    if (WEIGHTED) {
      c = classWeights[params.classWeightsStart + label];
    }
    var g = params.upstream;
    if (UPSTREAM > 0u) {
      g = upstream[params.upstreamStart + select(0u, place, UPSTREAM == 2u)];
    }
    info.valueFactor = m * s;
    info.gradientFactor = m * s * g;
    brought.denominator = m;
    if (TERM == 1u) {
      brought.denominator = m * c;
    } else if (TERM == 2u) {
      brought.denominator = m * s * c;
    }
    brought.count = 1.0;
  }
  rowInfo[place] = info;
  return brought;
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let team = (group.y * params.gridWidth + group.x) * TEAMS + thread / LANES;
  let lane = thread & (LANES - 1u);
  let block = params.firstBlock + team;
  let segment = block / params.blocksPerSegment;
  let begin = (block % params.blocksPerSegment) * BLOCK;
  let end = select(begin, min(begin + BLOCK, params.segmentLength), team < params.blocks);
  var sum = Brought();
  if (WHOLE) {
    sum.weight = weightOfLane(lane);
  }
  // Chunks of 32 a lane: one running sum over a whole block drifts by 1e-5.
  var part = Brought();
  for (var turn = 0u; turn < ENDLESS; turn++) {
    let at = begin + turn * LANES + lane;
    if (at >= end) {
      break;
    }
    part = joined(part, prepareRow(segment * params.segmentLength + at - params.firstRow));
    if (turn % 32u == 31u) {
      sum = joined(sum, part);
      part = Brought();
    }
  }
  let all = sumOfLanes(lane, joined(sum, part));
  if ((lane == 0u) & (team < params.blocks)) {
    if (WHOLE) {
      settleAll(settledSegment(0u, all, params.denominator), params.temperature);
    } else {
      totals[block * 3u] = all.denominator;
      totals[block * 3u + 1u] = all.count;
      totals[block * 3u + 2u] = f32(all.outOfRange);
    }
  }
}
