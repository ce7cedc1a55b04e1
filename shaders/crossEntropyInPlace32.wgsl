// Cross-entropy, the gradient over the logits, f32. A lane overwrites only what it alone reads.

@group(0) @binding(1) var<storage, read_write> logits: array<u32>;  // (rows, classes)

fn storeElement(element: u32, bits: u32) {
  logits[element] = bits;
}
