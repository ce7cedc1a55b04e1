// Cross-entropy, the gradient in a buffer of its own, f32 whatever the logits are stored in.

@group(0) @binding(1) var<storage, read> logits: array<u32>;  // (rows, classes)
@group(0) @binding(6) var<storage, read_write> gradient: array<u32>;  // (rows, classes)

fn storeClass(row: Row, k: u32, bits: u32) {
  gradient[params.gradientStart + elementOf(row, k) - params.logitsStart] = bits;
}
