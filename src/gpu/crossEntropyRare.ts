// Pieces of cross-entropy's kernels that few calls need, and that only those load: probabilities as targets, and
// gradients over 16-bit logits.

export { default as inPlace16 } from "../../shaders/crossEntropyInPlace16.wgsl?raw";
export { default as soft } from "../../shaders/crossEntropySoft.wgsl?raw";
export { default as targets } from "../../shaders/crossEntropyTargets.wgsl?raw";
export { default as edges } from "../../shaders/edges.wgsl?raw";
