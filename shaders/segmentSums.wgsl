// The sums of each chunk. Where the losses do not fit a binding, a dispatch for each part of them goes
// on from what the one before has left.

@group(0) @binding(5) var<storage, read> upstream: array<f32>;  // (losses) or one
@group(0) @binding(6) var<storage, read_write> records: array<Record>;  // (segments, chunks)

fn recordAt(place: u32) -> Record {
  let m = maskAt(place);
  if (m == 0.0) {
    return EMPTY;
  }
  let weight = m * weightAt(place);
  let sum = summand(scaledBits(weight, firstBits(place)));
  var objective = sum.value;
  if (EACH) {
    objective *= upstream[params.upstreamStart + place];
  }
  return Record(sum.value, objective, m, weight, sum.flags, sum.nonFinite, 1u);
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let unit = group.y * params.gridWidth + group.x;
  let exists = unit < params.segments * params.chunks;
  var own = EMPTY;
  var blocks = EMPTY;
  if (exists) {
    let span = spanOf(unit / params.chunks, unit % params.chunks);
    for (var begin = span.begin; begin < span.end; begin += BLOCK) {
      let end = min(begin + BLOCK, span.end);
      var part = EMPTY;
      for (var place = begin + lane; place < end; place += LANES) {
        part = added(part, recordAt(place));
      }
      // 64 blocks are summed apart as well: a segment of a million losses is 4e-5 off otherwise.
      blocks = added(blocks, part);
      if (((begin - span.begin) / BLOCK) % 64u == 63u) {
        own = added(own, blocks);
        blocks = EMPTY;
      }
    }
    own = added(own, blocks);
  }
  var record = recordOfLanes(lane, own);
  if (lane == 0u && exists) {
    if (params.firstLoss > 0u) {
      record = added(records[unit], record);
    }
    records[unit] = record;
  }
}
