// A sequence's upstream factor spread over its tokens, negated: cross-entropy is minus log-probability.

@group(0) @binding(1) var<storage, read> upstream: array<f32>;  // (sequences) or one
@group(0) @binding(2) var<storage, read_write> pushed: array<f32>;  // (sequences, tokens)

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = (group.y * params.gridWidth + group.x) * 64u + lane;
  if (at >= params.count) {
    return;
  }
  var u = params.upstream;
  if (UPSTREAM > 0u) {
    u = upstream[params.upstreamStart + select(0u, at / params.tokens, UPSTREAM == 2u)];
  }
  pushed[at] = -params.scale * u;
}
