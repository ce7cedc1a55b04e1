// The usual fused form: 256 lanes a row, one online pass over (max, sum), one pass for the gradient.

struct Params { rows: u32, classes: u32, inner: u32, width: u32, count: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;  // (rows, classes)
@group(0) @binding(2) var<storage, read> labels: array<i32>;  // (rows)
@group(0) @binding(5) var<storage, read_write> losses: array<f32>;  // (rows)
@group(0) @binding(6) var<storage, read_write> loss: array<f32>;  // (1)
@group(0) @binding(7) var<storage, read_write> gradient: array<f32>;  // (rows, classes)

override GRADIENT: bool = true;
const LANES: u32 = 256u;
var<workgroup> maxima: array<f32, LANES>;
var<workgroup> sums: array<f32, LANES>;

fn at(row: u32, k: u32) -> u32 {
  return row / params.inner * params.inner * params.classes + row % params.inner + k * params.inner;
}

@compute @workgroup_size(256)
fn fused(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = group.y * params.width + group.x;
  var m = -3.4e38;
  var s = 0.0;
  if (row < params.rows) {
    for (var k = lane; k < params.classes; k += LANES) {
      let x = logits[at(row, k)];
      let top = max(m, x);
      s = s * exp(m - top) + exp(x - top);
      m = top;
    }
  }
  maxima[lane] = m;
  sums[lane] = s;
  workgroupBarrier();
  for (var reach = LANES / 2u; reach > 0u; reach /= 2u) {
    if (lane < reach) {
      let other = maxima[lane + reach];
      let top = max(maxima[lane], other);
      sums[lane] = sums[lane] * exp(maxima[lane] - top) + sums[lane + reach] * exp(other - top);
      maxima[lane] = top;
    }
    workgroupBarrier();
  }
  m = maxima[0];
  s = sums[0];
  if (row < params.rows) {
    let label = labels[row];
    let counts = label >= 0;
    if (lane == 0u) {
      losses[row] = 0.0;
      if (counts) {
        losses[row] = m + log(s) - logits[at(row, u32(label))];
      }
    }
    if (GRADIENT) {
      for (var k = lane; k < params.classes; k += LANES) {
        let i = at(row, k);
        let p = exp(logits[i] - m) / s;
        let g = (p - select(0.0, 1.0, i32(k) == label)) / params.count;
        gradient[i] = select(0.0, g, counts);
      }
    }
  }
}

@compute @workgroup_size(256)
fn mean(@builtin(local_invocation_index) lane: u32) {
  var total = 0.0;
  for (var row = lane; row < params.rows; row += LANES) {
    total += losses[row];
  }
  sums[lane] = total;
  workgroupBarrier();
  for (var reach = LANES / 2u; reach > 0u; reach /= 2u) {
    if (lane < reach) {
      sums[lane] += sums[lane + reach];
    }
    workgroupBarrier();
  }
  if (lane == 0u) {
    loss[0] = sums[0] / params.count;
  }
}
