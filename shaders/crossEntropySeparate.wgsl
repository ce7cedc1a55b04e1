// Cross-entropy, the gradient in a buffer of its own, f32 whatever the logits are stored in.

@group(0) @binding(1) var<storage, read> logits: array<u32>;  // (rows, classes)
@group(0) @binding(6) var<storage, read_write> gradient: array<u32>;  // (rows, classes)

// Where the gradient of a logit goes.
fn storePlace(element: u32) -> u32 {
  return element + params.gradientStart - params.logitsStart;
}

fn storeBits(at: u32, bits: u32) {
  gradient[at] = bits;
}
