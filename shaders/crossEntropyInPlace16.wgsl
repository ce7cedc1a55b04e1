// Cross-entropy, the gradient over 16-bit logits, packed two in a word. Where a word also holds an
// element of the next or the previous row (odd classes), two rows would race for it: both leave
// their half in `edges`, and edges.wgsl joins them in a later pass.

@group(0) @binding(1) var<storage, read_write> logits: array<u32>;  // (rows, classes)
@group(0) @binding(7) var<storage, read_write> edges: array<u32>;  // (rows, first and last), f32 bits

fn packed(low: u32, high: u32) -> u32 {
  if (STORAGE == 1u) {
    return bitsToF16(low) | (bitsToF16(high) << 16u);
  }
  return bitsToBf16(low) | (bitsToBf16(high) << 16u);
}

fn storeStart(row: Row) -> u32 {
  return row.origin;
}

fn storeQuad(row: Row, start: u32, k: u32, g: vec4f) {
  let word = (start + k) / 2u;
  let bits = bitcast<vec4u>(g);
  logits[word] = packed(bits.x, bits.y);
  logits[word + LANES] = packed(bits.z, bits.w);
}

// One class of a tile again: the other half of its word is this lane's own.
fn storeInTile(row: Row, k: u32, bits: u32) {
  let element = elementOf(row, k);
  let half = packed(bits, 0u);
  let word = logits[element / 2u];
  logits[element / 2u] = select((word & 0xffff0000u) | half, (word & 0xffffu) | (half << 16u),
    element % 2u == 1u);
}

fn storeWord(row: Row, word: u32, low: u32, high: u32) {
  let k = 2u * word - row.origin;
  let place = row.index - params.rowStart;
  if (k >= params.classes) {
    edges[2u * place] = high;
  } else if (k + 1u >= params.classes) {
    edges[2u * place + 1u] = low;
  } else {
    logits[word] = packed(low, high);
  }
}

// Words that no whole trip covers: the tail's, then the head's.
fn wordsOf(row: Row, tiles: u32) -> u32 {
  let words = (row.origin + params.classes + 1u) / 2u - row.origin / 2u;
  return words - tiles * (TILE / 2u);
}

fn slotWord(row: Row, tiles: u32, slot: u32) -> u32 {
  let word = (row.origin + 1u) / 2u + tiles * (TILE / 2u) + slot;
  let end = (row.origin + params.classes + 1u) / 2u;
  return select(word, row.origin / 2u, word == end);
}

fn storeSlots(row: Row, verdict: Verdict, tiles: u32, labelBits: u32, isHome: bool) -> f32 {
  var moment = 0.0;
  if (isHome) {
    storeInTile(row, row.label, slopeBits(verdict, verdict.labelSlope));
    moment = labelMoment(verdict, labelBits);
  }
  let turns = turnsOf(row, wordsOf(row, tiles));
  for (var turn = 0u; turn < turns; turn++) {
    let word = slotWord(row, tiles, turn * row.slots + row.slot);
    let k = 2u * word - row.origin;
    var halves = vec2u(0u);
    for (var half = 0u; half < 2u; half++) {
      let slope = slopeAt(row, verdict, min(k + half, params.classes - 1u));
      halves = select(halves, vec2u(slopeBits(verdict, slope.gradient)), vec2u(0u, 1u) == vec2u(half));
      moment += select(0.0, slope.moment, k + half < params.classes);
    }
    storeWord(row, word, halves.x, halves.y);
  }
  return moment;
}
