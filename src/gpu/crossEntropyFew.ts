// Pieces of the kernel for few classes, which only a software adapter loads.

export { default as few } from "../../shaders/crossEntropyFew.wgsl?raw";
export { default as fewFused } from "../../shaders/crossEntropyFewFused.wgsl?raw";
export { default as fewLosses } from "../../shaders/crossEntropyFewLosses.wgsl?raw";
export { default as fewSums } from "../../shaders/crossEntropyFewSums.wgsl?raw";
