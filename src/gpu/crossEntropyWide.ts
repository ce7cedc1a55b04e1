// Pieces of cross-entropy's kernels that only GPUs need: rows split over workgroups, lanes joined by subgroups.

export { default as fromParts } from "../../shaders/crossEntropyFromParts.wgsl?raw";
export { default as parts } from "../../shaders/crossEntropyParts.wgsl?raw";
export { default as subgroups } from "../../shaders/crossEntropySubgroups.wgsl?raw";
