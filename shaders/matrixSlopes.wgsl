// What comes from above as slopes of the similarities, over the similarities themselves; and what the
// scale and the bias learn from each row. METRIC: 0 cosine, 1 Euclidean, 2 plain product.

@group(0) @binding(1) var<storage, read_write> similarities: array<f32>;  // (batch, rowBlocks, columnBlocks, 4 rows, 4)
@group(0) @binding(2) var<storage, read> scales: array<f32>;  // (3) scale, bias, chain
@group(0) @binding(3) var<storage, read> upstream: array<f32>;  // (batch, rows, columns), or one
@group(0) @binding(4) var<storage, read_write> sums: array<f32>;  // (2, batch rows padded)
@group(0) @binding(5) var<storage, read> leftInverses: array<f32>;  // (batch rows padded) 1 / lengths
@group(0) @binding(6) var<storage, read> rightInverses: array<f32>;  // (batch columns padded) 1 / lengths

const THREADS: u32 = LINES * LANES;

alias Joint = vec2f;

fn joined(a: Joint, b: Joint) -> Joint {
  return a + b;
}

fn upstreamAt(row: u32, column: u32) -> f32 {
  if (UPSTREAM == 0u) {
    return params.upstream;
  }
  return upstream[params.upstreamStart + select(row * params.columns + column, 0u, UPSTREAM == 1u)];
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let line = (group.y * params.gridWidth + group.x) * LINES + thread % LINES;
  let lane = thread / LINES;
  let padded = 4u * params.rowBlocks;
  let item = line / padded;
  let row = line % padded;
  let exists = item < params.batch && row < params.rows;
  var sum = vec2f(0.0);
  if (item < params.batch) {
    for (var column = lane; column < 4u * params.columnBlocks; column += LANES) {
      let at = ((line / 4u * params.columnBlocks + column / 4u) * 4u + line % 4u) * 4u + column % 4u;
      let s = similarities[at];
      var g = 0.0;
      if (exists && column < params.columns) {
        g = upstreamAt(item * params.rows + row, column);
        sum += vec2f(g * s, g);
      }
      var slope = g * scales[0];
      if (METRIC == 0u) {
        slope *= leftInverses[params.leftLine + line]
          * rightInverses[4u * item * params.columnBlocks + column];
      } else if (METRIC == 1u) {
        slope = select(slope / s, 0.0, s == 0.0);
      }
      similarities[at] = select(slope, 0.0, g == 0.0);
    }
  }
  sum = joinedLanes(sum, thread);
  if (lane == 0u && item < params.batch) {
    sums[params.firstLine + line] = sum.x;
    sums[params.planeLength + params.firstLine + line] = sum.y;
  }
}
