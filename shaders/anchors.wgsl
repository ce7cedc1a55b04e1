// Rows and their labels: for each row the first row of its label, the next one after it, how many have
// it, and whether the row has what its loss needs: another one of its label, and where NEGATIVES one of
// another label too.

@group(0) @binding(1) var<storage, read> labels: array<u32>;  // (rows) of LABEL_WORDS words
@group(0) @binding(2) var<storage, read_write> classes: array<u32>;  // (3, padded rows) first row, next row, size of the label
@group(0) @binding(3) var<storage, read_write> anchors: array<u32>;  // (rows) 0, or SKIPPED

const SKIPPED: u32 = 0xffffffffu;

fn isSame(a: u32, b: u32) -> bool {
  let first = params.labelsStart + a * LABEL_WORDS;
  let second = params.labelsStart + b * LABEL_WORDS;
  if (LABEL_WORDS == 2u && labels[first + 1u] != labels[second + 1u]) {
    return false;
  }
  return labels[first] == labels[second];
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let row = (group.y * params.gridWidth + group.x) * 64u + thread;
  if (row >= params.padded) {
    return;
  }
  var first = SKIPPED;
  var next = SKIPPED;
  var count = 0u;
  if (row < params.rows) {
    // Two loops, because a loop may end silently after 65 535 trips.
    for (var begin = 0u; begin < params.rows; begin += 32768u) {
      let end = min(begin + 32768u, params.rows);
      for (var other = begin; other < end; other++) {
        if (isSame(row, other)) {
          count++;
          first = min(first, other);
          next = select(next, min(next, other), other > row);
        }
      }
    }
    let lonely = count < 2u || (NEGATIVES && count == params.rows);
    anchors[row] = select(0u, SKIPPED, lonely);
  }
  classes[row] = first;
  classes[params.padded + row] = next;
  classes[2u * params.padded + row] = count;
}
