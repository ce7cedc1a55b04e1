import {
  type Backend,
  type Control,
  defaultBackend,
  type Plan,
  type PlanInputs,
} from "./backend/index.js";
import { describe, fail } from "./errors.js";
import { Request } from "./request.js";
import type { LossResult } from "./result.js";
import type { LossSpec } from "./spec.js";

function splitArguments(
  spec: LossSpec,
  args: readonly unknown[],
): { values: Record<string, unknown>; options: Record<string, unknown> } {
  const names = Object.keys(spec.inputs);
  if (args.length < names.length || args.length > names.length + 1) {
    fail(
      "SHAPE_MISMATCH",
      `${spec.name} takes (${names.join(", ")}, options), got ${args.length} arguments`,
    );
  }
  const values = Object.fromEntries(names.map((name, index) => [name, args[index]]));
  return { values, options: plainOptions(spec, args[names.length]) };
}

function plainOptions(spec: LossSpec, options: unknown): Record<string, unknown> {
  if (options === undefined) return {};
  const proto = typeof options === "object" && options ? Object.getPrototypeOf(options) : undefined;
  if (proto !== Object.prototype && proto !== null) {
    fail("OPTION", `${spec.name}: the options must be a plain object, got ${describe(options)}`);
  }
  // Read once: a getter or a Proxy must not answer differently after the check.
  return { ...(options as object) };
}

const isBackend = (value: unknown): value is Backend =>
  typeof value === "object" && value !== null && "kind" in value && "call" in value;

/** The backend asked for, else the one that already holds a tensor, else the shared one. */
async function chooseBackend(
  spec: LossSpec,
  asked: unknown,
  request: Request | undefined,
): Promise<Backend> {
  if (asked !== undefined) {
    if (isBackend(asked)) return asked;
    return fail(
      "OPTION",
      `${spec.name}: backend must come from openBackend(), got ${describe(asked)}`,
    );
  }
  for (const { gpu } of Object.values(request?.tensors ?? {})) {
    if (isBackend(gpu?.owner)) return gpu.owner;
  }
  // The planner is on its way while the backend opens.
  return defaultBackend(() => {
    if (globalThis.navigator?.gpu) spec.gpu?.().catch(() => {});
  });
}

function checkControl(spec: LossSpec, options: Readonly<Record<string, unknown>>): Control {
  const { signal, onProgress } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    fail("OPTION", `${spec.name}: signal must be an AbortSignal, got ${describe(signal)}`);
  }
  if (onProgress !== undefined && typeof onProgress !== "function") {
    fail("OPTION", `${spec.name}: onProgress must be a function, got ${describe(onProgress)}`);
  }
  return { signal, onProgress: onProgress as Control["onProgress"] };
}

/** A loss, called: parsing, checking, choosing a backend, running. */
export async function callLoss(spec: LossSpec, args: readonly unknown[]): Promise<LossResult> {
  const { values, options } = splitArguments(spec, args);
  const control = checkControl(spec, options);
  const request = new Request(spec, values, options, false);
  const geometry = spec.check(request);
  const backend = await chooseBackend(spec, options.backend, request);
  return backend.call({ spec, request, geometry }, control);
}

/** A loss, planned for shapes. */
export async function planLoss(
  spec: LossSpec,
  shapes: PlanInputs,
  options: unknown,
): Promise<Plan> {
  const given = plainOptions(spec, options);
  const request = new Request(spec, shapes, given, true);
  const geometry = spec.check(request);
  const backend = await chooseBackend(spec, given.backend, request);
  return backend.plan({ spec, request, geometry });
}
