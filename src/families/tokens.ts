import type { Argument } from "../argument.js";
import type { ReductionName } from "../reduction.js";
import type { Request } from "../request.js";

const plain = { labelSmoothing: 0, softcap: 0, zLoss: 0 };

/** A call about sequences of labels as the cross-entropy of each of their tokens. */
export function tokenRequest(
  request: Request,
  reduction: ReductionName,
  upstream?: Argument,
): Request {
  const { labels, upstream: _, ...others } = request.tensors;
  const tensors = { ...others, targets: labels, ...(upstream ? { upstream } : {}) };
  const numbers = { ...request.numbers, ...plain };
  return Object.assign(Object.create(request) as Request, { tensors, numbers, reduction });
}
