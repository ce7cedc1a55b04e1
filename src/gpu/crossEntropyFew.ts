// Pieces of the kernel for few classes, which only a software adapter loads.

export { default as few } from "../../shaders/crossEntropyFour.wgsl?raw";
export { default as fewFused } from "../../shaders/crossEntropyFourFused.wgsl?raw";
export { default as fewLosses } from "../../shaders/crossEntropyFourLosses.wgsl?raw";
export { default as fewSums } from "../../shaders/crossEntropyFourSums.wgsl?raw";
