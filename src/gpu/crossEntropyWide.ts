// Pieces of cross-entropy's kernels that only GPUs need: lanes joined by subgroups, logits read four at a time.

export { default as quads } from "../../shaders/crossEntropyQuads.wgsl?raw";
export { default as quads32 } from "../../shaders/crossEntropyQuads32.wgsl?raw";
export { default as storeQuads } from "../../shaders/crossEntropyStoreQuads.wgsl?raw";
export { default as subgroups } from "../../shaders/crossEntropySubgroups.wgsl?raw";
