import { Argument, toArgument } from "./argument.js";
import type { Request } from "./request.js";
import { Tensor } from "./tensor.js";

/** The request with every tensor that lies on a GPU copied to the CPU. */
export async function toHost(request: Request): Promise<Request> {
  const moved: Record<string, Argument> = {};
  for (const [name, argument] of Object.entries(request.tensors)) {
    const { gpu } = argument;
    if (!gpu) continue;
    const shape = argument.shape ?? [argument.size];
    const data = await new Tensor(shape, argument.dtype, gpu).read();
    const { dtype, storage, size } = toArgument(data, name, request.where(name));
    moved[name] = new Argument(name, dtype, shape, storage, size);
  }
  return Object.assign(Object.create(request) as Request, {
    tensors: { ...request.tensors, ...moved },
  });
}
