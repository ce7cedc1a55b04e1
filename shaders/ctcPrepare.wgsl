// Connectionist temporal classification, before the frames: lengths and factors of each sequence, and
// its labels as words, each with the next place of the same label, so that gradients know no race.

struct RowInfo { label: u32, valueFactor: f32, gradientFactor: f32 }

@group(0) @binding(1) var<storage, read> labelsGiven: array<u32>;  // (sequences, room) words of 32 or 64 bits
@group(0) @binding(2) var<storage, read> inputLengths: array<u32>;  // (sequences)
@group(0) @binding(3) var<storage, read> targetLengths: array<u32>;  // (sequences)
@group(0) @binding(4) var<storage, read> rowInfo: array<RowInfo>;  // (sequences)
@group(0) @binding(5) var<storage, read> totals: array<f32>;  // (segments, 2 more)
@group(0) @binding(6) var<storage, read_write> sequences: array<Sequence>;  // (sequences)
@group(0) @binding(7) var<storage, read_write> labels: array<Label>;  // (sequences, room)
@group(0) @binding(8) var<storage, read_write> status: array<atomic<u32>>;  // (5)

var<workgroup> wrong: atomic<u32>;

// A whole number of one or two words; what is negative or beyond 32 bits is the largest of all.
fn wholeAt(low: u32, high: u32, words: u32) -> u32 {
  return select(low, 0xffffffffu, (words == 2u && high != 0u) || low >= 0x80000000u);
}

fn inputLength(n: u32) -> u32 {
  if (INPUT_WORDS == 0u) {
    return params.frames;
  }
  let at = params.inputLengthsStart + n * INPUT_WORDS;
  return wholeAt(inputLengths[at], inputLengths[at + INPUT_WORDS - 1u], INPUT_WORDS);
}

fn targetLength(n: u32) -> u32 {
  if (TARGET_WORDS == 0u) {
    return params.room;
  }
  let at = params.targetLengthsStart + n * TARGET_WORDS;
  return wholeAt(targetLengths[at], targetLengths[at + TARGET_WORDS - 1u], TARGET_WORDS);
}

fn labelAt(n: u32, i: u32) -> u32 {
  let at = params.labelsGivenStart + (n * params.room + i) * LABEL_WORDS;
  return wholeAt(labelsGiven[at], labelsGiven[at + LABEL_WORDS - 1u], LABEL_WORDS);
}

// The next place of the label at `i`, and whether it has stood before.
fn linked(n: u32, i: u32, count: u32) -> Label {
  let k = labelAt(n, i);
  var next = NONE;
  for (var j = count; j > i + 1u; j--) {
    if (labelAt(n, j - 1u) == k) {
      next = j - 1u;
    }
  }
  var repeated = 0u;
  for (var j = 0u; j < i; j++) {
    repeated |= select(0u, 1u, labelAt(n, j) == k);
  }
  return Label(k, next, repeated);
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let n = min(group.y * params.gridWidth + group.x, params.sequences - 1u);
  let info = rowInfo[n];
  let frames = inputLength(n);
  let given = targetLength(n);
  let count = min(given, params.room);
  let counts = info.label < 0xfffffffeu;
  if (counts) {
    for (var i = lane; i < count; i += LANES) {
      let label = linked(n, i, count);
      labels[n * params.room + i] = label;
      if (label.k >= params.classes || label.k == params.blank) {
        atomicAdd(&wrong, 1u);
      }
    }
  }
  workgroupBarrier();  // without it lane 0 misses the labels that the others have judged
  if (lane == 0u) {
    let bad = atomicLoad(&wrong) + select(0u, 1u, frames > params.frames)
      + select(0u, 1u, given > params.room);
    let isWrong = counts && bad > 0u;
    if (isWrong && group.y * params.gridWidth + group.x < params.sequences) {
      atomicAdd(&status[2], bad);
    }
    let share = select(1.0, 1.0 / f32(max(count, 1u)), MEAN);
    let factor = info.gradientFactor * totals[n / params.segmentLength] * share;
    sequences[n] = Sequence(min(frames, params.frames), count,
      select(select(SKIPPED, VALID, counts), WRONG, isWrong), info.valueFactor * share, factor);
  }
}
