export {
  type Accumulator,
  type AccumulatorOptions,
  accumulator,
  type Part,
} from "./accumulator.js";
export { type Backend, type BackendOptions, openBackend, type Plan } from "./backend/index.js";
export type { MemoryReport } from "./backend/memory.js";
export type { AnyLoss, CommonOptions, LossFunction, PlanShapes } from "./define.js";
export type { DType } from "./dtype.js";
export { LossError, type LossErrorCode } from "./errors.js";
export {
  type BlocksResult,
  crossEntropyBlocks,
  type RowBlocks,
} from "./losses/crossEntropyBlocks.js";
export * from "./losses/index.js";
export { tensor } from "./makeTensor.js";
export type { LossResult } from "./result.js";
export type { LossSpec, Stats } from "./spec.js";
export { Tensor, type TensorLike } from "./tensor.js";
