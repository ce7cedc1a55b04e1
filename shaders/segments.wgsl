// Losses in segments: where each begins and ends. Segments of one length are cut into chunks, of which a
// workgroup takes one, as far as it lies in the part of the losses that this dispatch was given.

@group(0) @binding(4) var<storage, read> offsets: array<u32>;  // (segments + 1) words of 32 or 64 bits

struct Span { begin: u32, end: u32 }

// Where segment `at` begins, kept inside the losses; without offsets all have one length.
fn edgeAt(at: u32) -> u32 {
  if (OFFSET_WORDS == 0u) {
    return min(at * params.segmentLength, params.size);
  }
  let word = (params.offsetsStart + at) * OFFSET_WORDS;
  if (OFFSET_WORDS == 2u && offsets[word + 1u] != 0u) {
    return params.size;
  }
  return min(offsets[word], params.size);
}

// The places of a chunk's losses in this dispatch's part.
fn spanOf(segment: u32, chunk: u32) -> Span {
  let first = params.firstLoss;
  let last = first + params.count;
  let edge = edgeAt(segment + 1u);
  let low = min(edgeAt(segment) + chunk * params.chunkLength, edge);
  let high = select(edge, min(low + params.chunkLength, edge), params.chunks > 1u);
  let begin = clamp(low, first, last) - first;
  return Span(begin, max(begin, clamp(high, first, last) - first));
}

// factor * x where x may be no number: told from its bits.
fn scaledBits(factor: f32, bits: u32) -> u32 {
  if (isFiniteBits(bits)) {
    return bitcast<u32>(factor * bitcast<f32>(bits));
  }
  if (isNanBits(bits) || factor == 0.0) {
    return NAN_BITS;
  }
  return select(bits, bits ^ 0x80000000u, factor < 0.0);
}
