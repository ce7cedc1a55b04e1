// Cross-entropy, logits that are only read: the module computes losses, no gradient.

@group(0) @binding(1) var<storage, read> logits: array<u32>;  // (rows, classes)
