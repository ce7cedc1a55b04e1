// Which numbers of a line of similarities are its positives. A line is a row of the matrix, or a column
// where TURNED; its numbers lie four to a block. POSITIVES says where the positives are:
//   0 at the line's own number, 1 at its label, 2 in the other view, 3 wherever the label is the same

struct RowInfo { label: u32, valueFactor: f32, gradientFactor: f32 }

@group(0) @binding(1) var<storage, read> rowInfo: array<RowInfo>;  // (rows)
@group(0) @binding(2) var<storage, read> classes: array<vec4u>;  // (rows) first row of the same label

const LINES: u32 = 4u;  // of one block, side by side
const THREADS: u32 = LINES * LANES;
const SKIPPED: u32 = 0xffffffffu;
const OUT_OF_RANGE: u32 = 0xfffffffeu;
const SINGLE: bool = POSITIVES != 3u;

struct Line { number: u32, partner: u32, kind: u32 }

fn lineOf(number: u32) -> Line {
  var partner = number;
  var known = 0u;
  if (POSITIVES == 1u) {
    partner = rowInfo[min(number, params.rows - 1u)].label;
  }
  if (POSITIVES == 2u) {
    partner = (number + params.half) % params.rows;
  }
  if (POSITIVES == 3u) {
    known = classes[number / 4u][number % 4u];
  }
  return Line(number, partner, known);
}

fn numbersOf(block: u32) -> vec4u {
  return 4u * block + vec4u(0u, 1u, 2u, 3u);
}

// Whether nothing in a block needs a second look: no positive, not the line itself, not the edge.
fn isPlain(line: Line, block: u32, others: u32) -> bool {
  let isOwn = SKIP_SELF && line.number / 4u == block;
  return SINGLE && line.partner / 4u != block && !isOwn && 4u * block + 4u <= others;
}

fn areHits(line: Line, block: u32) -> vec4<bool> {
  if (SINGLE) {
    return numbersOf(block) == vec4u(line.partner);
  }
  return (classes[block] == vec4u(line.kind)) & (numbersOf(block) != vec4u(line.number));
}

fn areThere(line: Line, block: u32, others: u32) -> vec4<bool> {
  let numbers = numbersOf(block);
  let inside = numbers < vec4u(others);
  if (SKIP_SELF) {
    return inside & (numbers != vec4u(line.number));
  }
  return inside;
}

// Those that enter the softmax.
fn areCandidates(line: Line, block: u32, others: u32) -> vec4<bool> {
  let there = areThere(line, block, others);
  if (SKIP_POSITIVE) {
    return there & !areHits(line, block);
  }
  return there;
}
