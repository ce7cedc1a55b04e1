// Cross-entropy, the gradient over 16-bit logits, packed two in a word. Where a word also holds an
// element of the next or the previous row (odd classes), two rows would race for it: both leave
// their half in `edges`, and edges.wgsl joins them in a later pass.

@group(0) @binding(1) var<storage, read_write> logits: array<u32>;  // (rows, classes)
@group(0) @binding(7) var<storage, read_write> edges: array<u32>;  // (totalRows, first and last), f32 bits

fn packed(low: u32, high: u32) -> u32 {
  if (STORAGE == 1u) {
    return bitsToF16(low) | (bitsToF16(high) << 16u);
  }
  return bitsToBf16(low) | (bitsToBf16(high) << 16u);
}

fn storeAt(row: Row, trip: u32, g: vec4f) {
  let word = wordAt(row, trip);
  let bits = bitcast<vec4u>(g);
  logits[word] = packed(bits.x, bits.y);
  logits[word + LANES] = packed(bits.z, bits.w);
}

fn storeWord(row: Row, word: u32, low: u32, high: u32) {
  let k = 2u * word - row.origin;
  if (k >= params.classes) {
    edges[2u * row.index] = high;
  } else if (k + 1u >= params.classes) {
    edges[2u * row.index + 1u] = low;
  } else {
    logits[word] = packed(low, high);
  }
}

// Words that no whole trip covers: the tail's, then the head's.
fn wordsOf(row: Row, trips: u32) -> u32 {
  let words = (row.origin + params.classes + 1u) / 2u - row.origin / 2u;
  return words - trips * 2u * LANES;
}

fn slotWord(row: Row, trips: u32, slot: u32) -> u32 {
  let word = (row.origin + headOf(row)) / 2u + trips * 2u * LANES + slot;
  let end = (row.origin + params.classes + 1u) / 2u;
  return select(word, row.origin / 2u, word == end);
}

fn storeSlots(row: Row, verdict: Verdict, trips: u32) -> f32 {
  var moment = 0.0;
  let words = wordsOf(row, trips);
  for (var slot = row.lane; slot < words; slot += LANES) {
    let word = slotWord(row, trips, slot);
    let k = 2u * word - row.origin;
    var low = Slope(0.0, 0.0);
    var high = Slope(0.0, 0.0);
    if (k < params.classes) {
      low = slopeAt(row, verdict, k);
    }
    if (k + 1u < params.classes) {
      high = slopeAt(row, verdict, k + 1u);
    }
    storeWord(row, word, bitcast<u32>(low.gradient), bitcast<u32>(high.gradient));
    moment += low.moment + high.moment;
  }
  return moment;
}

fn fill(row: Row, bits: u32) {
  let words = wordsOf(row, 0u);
  for (var slot = row.lane; slot < words; slot += LANES) {
    storeWord(row, slotWord(row, 0u, slot), bits, bits);
  }
}
