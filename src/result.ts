import type { Stats } from "./spec.js";
import type { Tensor } from "./tensor.js";

/** What a loss gives back. Tensors stay where they were computed until they are read. */
export type LossResult<Gradient extends string = string, Output extends string = never> = {
  /** A scalar, or with reduction "none" one value per row or element. */
  readonly loss: Tensor;
  /** One tensor for each input that `gradients` asked for. */
  readonly gradients: { readonly [name in Gradient]: Tensor };
  /** Counts that came with the same pass; reading them waits for the GPU. */
  readonly stats: { read(): Promise<Stats> };
  /** The backend that computed it. */
  readonly backend: "webgpu" | "cpu";
  /** Frees every tensor of this result. */
  destroy(): void;
} & { readonly [name in Output]: Tensor };

/** Sorts results by path ("loss", "gradients.logits", "entropy") into the shape of a `LossResult`. */
export function gather(
  tensors: Readonly<Record<string, Tensor>>,
  stats: LossResult["stats"],
  backend: "webgpu" | "cpu",
): LossResult {
  const gradients: Record<string, Tensor> = {};
  const outputs: Record<string, Tensor> = {};
  for (const [path, tensor] of Object.entries(tensors)) {
    const [head, name] = path.split(".") as [string, string | undefined];
    if (head === "gradients" && name) gradients[name] = tensor;
    else outputs[head] = tensor;
  }
  const destroy = (): void => {
    for (const tensor of Object.values(tensors)) tensor.destroy();
  };
  return { ...outputs, gradients, stats, backend, destroy } as unknown as LossResult;
}
