// Cross-entropy, the gradient in a buffer of its own, f32 whatever the logits are stored in.

@group(0) @binding(1) var<storage, read> logits: array<u32>;  // (rows, classes)
@group(0) @binding(6) var<storage, read_write> gradient: array<u32>;  // (rows, classes)

fn storeElement(element: u32, bits: u32) {
  gradient[params.gradientStart + element - params.logitsStart] = bits;
}
