// Pieces of cross-entropy's kernels that few calls need, and that only those load: a soft cap, probabilities as
// targets, 16-bit logits, and rows so few that a GPU splits them over workgroups.

export { default as capped } from "../../shaders/crossEntropyCapped.wgsl?raw";
export { default as fromParts } from "../../shaders/crossEntropyFromParts.wgsl?raw";
export { default as inPlace16 } from "../../shaders/crossEntropyInPlace16.wgsl?raw";
export { default as load16 } from "../../shaders/crossEntropyLoad16.wgsl?raw";
export { default as parts } from "../../shaders/crossEntropyParts.wgsl?raw";
export { default as quads16 } from "../../shaders/crossEntropyQuads16.wgsl?raw";
export { default as soft } from "../../shaders/crossEntropySoft.wgsl?raw";
export { default as targets } from "../../shaders/crossEntropyTargets.wgsl?raw";
export { default as edges } from "../../shaders/edges.wgsl?raw";
export { default as toHalves } from "../../shaders/toHalves.wgsl?raw";
