import type { AnyLoss } from "../src/define.js";
import * as library from "../src/losses/index.js";
import type { Program, Target } from "../src/plan.js";
import { Request } from "../src/request.js";
import type { GpuPath, LossSpec } from "../src/spec.js";

// All planners at once, so that a test can ask for a program without waiting.
const planners = new Map<LossSpec, GpuPath>();
for (const { spec } of Object.values(library) as unknown as AnyLoss[]) {
  const plan = await spec.gpu?.();
  await plan?.load?.();
  if (plan) planners.set(spec, plan);
}

/** A GPU with the default limits, but for what the test changes. */
export const target = (change: Partial<Target> = {}): Target => ({
  software: false,
  features: new Set(),
  maxBinding: 2 ** 27,
  maxInvocations: 256,
  alignment: 256,
  ...change,
});

/** What the planner makes of a call; of shapes alone where it is `planned`. */
export function plannedProgram(
  spec: LossSpec,
  inputs: Readonly<Record<string, unknown>>,
  options: object,
  on: Target,
  planned: boolean,
): Program {
  const plan = planners.get(spec);
  if (!plan) throw new Error(`${spec.name} has no GPU path`);
  const request = new Request(spec, inputs, { ...options }, planned);
  const geometry = spec.check(request);
  // All is loaded: this only asks whether a call of this loss can tell what it needs.
  if (plan.load?.({ request, geometry, on })) throw new Error(`${spec.name} loads more`);
  return plan(request, geometry, on);
}
