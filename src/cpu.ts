/**
 * The same functions without WebGPU: the build of this entry leaves out every shader and planner, so that
 * `openBackend()` gives the float64 CPU path.
 */
export * from "./index.js";
