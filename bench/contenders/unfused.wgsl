// Softmax cross-entropy as people write it: a kernel for each step, 64 lanes a row, tree reductions.

struct Params { rows: u32, classes: u32, inner: u32, width: u32, count: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;  // (rows, classes)
@group(0) @binding(2) var<storage, read> labels: array<i32>;  // (rows)
@group(0) @binding(3) var<storage, read_write> maxima: array<f32>;  // (rows)
@group(0) @binding(4) var<storage, read_write> sums: array<f32>;  // (rows)
@group(0) @binding(5) var<storage, read_write> losses: array<f32>;  // (rows)
@group(0) @binding(6) var<storage, read_write> loss: array<f32>;  // (1)
@group(0) @binding(7) var<storage, read_write> gradient: array<f32>;  // (rows, classes)

const LANES: u32 = 64u;
var<workgroup> lanes: array<f32, LANES>;

fn at(row: u32, k: u32) -> u32 {
  return row / params.inner * params.inner * params.classes + row % params.inner + k * params.inner;
}

@compute @workgroup_size(64)
fn rowMax(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = group.y * params.width + group.x;
  var m = -3.4e38;
  if (row < params.rows) {
    for (var k = lane; k < params.classes; k += LANES) {
      m = max(m, logits[at(row, k)]);
    }
  }
  lanes[lane] = m;
  workgroupBarrier();
  for (var reach = LANES / 2u; reach > 0u; reach /= 2u) {
    if (lane < reach) {
      lanes[lane] = max(lanes[lane], lanes[lane + reach]);
    }
    workgroupBarrier();
  }
  if (lane == 0u && row < params.rows) {
    maxima[row] = lanes[0];
  }
}

@compute @workgroup_size(64)
fn rowSum(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = group.y * params.width + group.x;
  var s = 0.0;
  if (row < params.rows) {
    let m = maxima[row];
    for (var k = lane; k < params.classes; k += LANES) {
      s += exp(logits[at(row, k)] - m);
    }
  }
  lanes[lane] = s;
  workgroupBarrier();
  for (var reach = LANES / 2u; reach > 0u; reach /= 2u) {
    if (lane < reach) {
      lanes[lane] += lanes[lane + reach];
    }
    workgroupBarrier();
  }
  if (lane == 0u && row < params.rows) {
    sums[row] = lanes[0];
  }
}

@compute @workgroup_size(64)
fn gather(@builtin(global_invocation_id) id: vec3u) {
  let row = id.y * params.width * 64u + id.x;
  if (row >= params.rows) {
    return;
  }
  let label = labels[row];
  losses[row] = 0.0;
  if (label >= 0) {
    losses[row] = maxima[row] + log(sums[row]) - logits[at(row, u32(label))];
  }
}

@compute @workgroup_size(64)
fn mean(@builtin(local_invocation_index) lane: u32) {
  var s = 0.0;
  for (var row = lane; row < params.rows; row += LANES) {
    s += losses[row];
  }
  lanes[lane] = s;
  workgroupBarrier();
  for (var reach = LANES / 2u; reach > 0u; reach /= 2u) {
    if (lane < reach) {
      lanes[lane] += lanes[lane + reach];
    }
    workgroupBarrier();
  }
  if (lane == 0u) {
    loss[0] = lanes[0] / params.count;
  }
}

@compute @workgroup_size(64)
fn gradients(@builtin(global_invocation_id) id: vec3u) {
  let i = id.y * params.width * 64u + id.x;
  if (i >= params.rows * params.classes) {
    return;
  }
  let block = params.inner * params.classes;
  let row = i / block * params.inner + i % params.inner;
  let k = i % block / params.inner;
  let p = exp(logits[i] - maxima[row]) / sums[row];
  gradient[i] = (p - select(0.0, 1.0, i32(k) == labels[row])) / params.count;
}
