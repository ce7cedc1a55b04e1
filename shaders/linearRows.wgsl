// Linear cross-entropy, which rows have a say. READ: not those that take no part, which are never read.
// ASKED: those of which a gradient is asked; 0 times a number that is not finite would be none.

struct RowInfo { label: u32, valueFactor: f32, gradientFactor: f32 }

@group(0) @binding(2) var<storage, read> rowInfo: array<RowInfo>;  // (rows of a chunk)
@group(0) @binding(3) var<storage, read> totals: array<f32>;  // (segments, 2 more)

const READ: u32 = 1u;
const ASKED: u32 = 2u;
const NONE: u32 = 0xffffffffu;
const OUT_OF_RANGE: u32 = 0xfffffffeu;

fn isKept(place: u32) -> bool {
  if (RULE == READ) {
    return rowInfo[params.rowStart + place].label != NONE;
  }
  if (RULE == ASKED) {
    let at = params.rowStart + place;
    let info = rowInfo[at];
    let factor = info.gradientFactor * totals[(params.chunkStart + at) / params.segmentLength];
    return info.label < OUT_OF_RANGE && factor != 0.0;
  }
  return true;
}
