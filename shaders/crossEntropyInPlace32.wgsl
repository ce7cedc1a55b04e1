// Cross-entropy, the gradient over the logits, f32. A lane overwrites only what it alone reads.

@group(0) @binding(1) var<storage, read_write> logits: array<u32>;  // (rows, classes)

// Where the gradient of a logit goes.
fn storePlace(element: u32) -> u32 {
  return element;
}

fn storeBits(at: u32, bits: u32) {
  logits[at] = bits;
}
