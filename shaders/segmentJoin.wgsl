// The records of a segment's chunks joined to one.

@group(0) @binding(5) var<storage, read> chunks: array<Record>;  // (segments, chunks)
@group(0) @binding(6) var<storage, read_write> records: array<Record>;  // (segments)

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let segment = group.y * params.gridWidth + group.x;
  var own = EMPTY;
  if (segment < params.segments) {
    let first = segment * params.chunks;
    for (var begin = 0u; begin < params.chunks; begin += LANES * 32u) {
      var part = EMPTY;
      let end = min(begin + LANES * 32u, params.chunks);
      for (var chunk = begin + lane; chunk < end; chunk += LANES) {
        part = added(part, chunks[first + chunk]);
      }
      own = added(own, part);
    }
  }
  let record = recordOfLanes(lane, own);
  if (lane == 0u && segment < params.segments) {
    records[segment] = record;
  }
}
