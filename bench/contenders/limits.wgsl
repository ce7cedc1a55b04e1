// What this adapter can do at best with the same bytes: each workgroup takes a run of TILE vectors.

override LANES: u32 = 4u;
override TILE: u32 = 4096u;

struct Params { length: u32, width: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> source: array<vec4f>;  // (length)
@group(0) @binding(2) var<storage, read_write> sink: array<vec4f>;  // (length), or (groups, lanes)

struct Share { first: u32, end: u32, slot: u32 }

fn share(group: vec3u, lane: u32) -> Share {
  let index = group.y * params.width + group.x;
  let begin = index * TILE;
  return Share(begin + lane, min(begin + TILE, params.length), index * LANES + lane);
}

@compute @workgroup_size(LANES)
fn copy(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let s = share(group, lane);
  for (var i = s.first; i < s.end; i += LANES) {
    sink[i] = source[i];
  }
}

@compute @workgroup_size(LANES)
fn readAndSum(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let s = share(group, lane);
  var sum = vec4f(0.0);
  for (var i = s.first; i < s.end; i += LANES) {
    sum += source[i];
  }
  sink[s.slot] = sum;
}

@compute @workgroup_size(LANES)
fn expAndSum(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let s = share(group, lane);
  var sum = vec4f(0.0);
  for (var i = s.first; i < s.end; i += LANES) {
    sum += exp(source[i]);
  }
  sink[s.slot] = sum;
}

@compute @workgroup_size(LANES)
fn expAndWrite(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let s = share(group, lane);
  for (var i = s.first; i < s.end; i += LANES) {
    sink[i] = exp(source[i]);
  }
}

// Eight chains of vec4, so that no multiplication waits for another: 64 operations a trip and lane.
@compute @workgroup_size(LANES)
fn multiplyAdd(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let slot = (group.y * params.width + group.x) * LANES + lane;
  let x = source[0] * 0.5;
  var a = x;
  var b = x + 1.0;
  var c = x + 2.0;
  var d = x + 3.0;
  var e = x + 4.0;
  var f = x + 5.0;
  var g = x + 6.0;
  var h = x + 7.0;
  for (var i = 0u; i < TILE; i++) {
    a = fma(a, x, x);
    b = fma(b, x, x);
    c = fma(c, x, x);
    d = fma(d, x, x);
    e = fma(e, x, x);
    f = fma(f, x, x);
    g = fma(g, x, x);
    h = fma(h, x, x);
  }
  sink[slot] = a + b + c + d + e + f + g + h;
}
