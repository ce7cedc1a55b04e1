import { bindInputs, bindNumbers } from "../bind.js";
import { describe, fail } from "../errors.js";
import { isGpuBuffer } from "../interop.js";
import { Tensor } from "../tensor.js";
import type { Job, Plan, PlanInputs } from "./index.js";
import { type Loan, placeInput } from "./placing.js";
import type { Results } from "./results.js";
import type { Placed, Placement, Steps } from "./steps.js";

interface Parts {
  readonly on: {
    readonly device: GPUDevice;
    check(): void;
    popScope(loss: string): Promise<void>;
  };
  readonly job: Job;
  readonly steps: Steps;
  /** Scratch, results and constant inputs. */
  readonly fixed: Map<string, Placed>;
  readonly loan: Loan;
  readonly results: Results;
}

type Numbers = Readonly<Record<string, number>>;

/** Whether nothing needs to be looked at again: the same tensor or buffer on the GPU, which still holds it. */
function isSteady(value: unknown, before: unknown): boolean {
  if (value !== before) return false;
  if (value instanceof Tensor) return !value.isDestroyed && value.storage.kind === "gpu";
  return isGpuBuffer(value);
}

/** Whether two objects have the same names, and under each what is the `same`. */
function isAlike(a: PlanInputs, b: PlanInputs, same: (x: unknown, y: unknown) => boolean): boolean {
  // null and undefined are alike to nothing, and refused by those who then look at them.
  if (!a) return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => same(a[name], b[name]));
}

/** Inputs where they lie, and all that recording them needs. */
interface Ready {
  /** As they were given: the caller may change the object. */
  readonly inputs: PlanInputs;
  readonly placement: Placement;
  readonly groups: readonly GPUBindGroup[];
}

/** A compiled program with buffers of its own: what is allocated lives until destroy(). */
export function gpuPlan({ on, job, steps, fixed, loan, results }: Parts): Plan {
  const { spec, request } = job;
  const { program } = steps;
  const { device } = on;
  /** The uniforms of run(), which submits at once: a later write waits for what was submitted before. */
  let uniforms: GPUBuffer | undefined;
  const written = new Uint32Array(steps.uniformBytes / 4);
  /** Those of encode(), one buffer per content: a caller's encoder may hold several recordings of this plan. */
  const recorded = new Map<string, GPUBuffer>();
  /** Where host data of an input go; made when some come. */
  const uploads = new Map<string, Placed>();
  const changeable = new Set(program.passes.flatMap(({ params }) => Object.values(params)));
  /** The last run: a training loop gives the same buffers again, and then only its commands are to be recorded. */
  let ready: Ready | undefined;
  let numbers: Numbers = {};
  let settled = request.numbers;
  let destroyed = false;

  const check = (): void => {
    on.check();
    if (destroyed) fail("DISPOSED", `${spec.name}: this plan was destroyed`);
  };

  /** The values of all numbers, those given in place of the planned ones. */
  const settle = (given: Numbers): Numbers => {
    const all = bindNumbers(request, given).numbers;
    for (const name of Object.keys(given)) {
      if (changeable.has(name)) continue;
      fail("OPTION", `${spec.name}: ${name} is fixed in this plan; make one with it switched on`);
    }
    return all;
  };

  const place = (inputs: PlanInputs): Placement => {
    const bound = bindInputs(request, inputs);
    spec.check(bound);
    const placement = new Map(fixed);
    for (const name of Object.keys(inputs)) {
      const argument = bound.tensors[name];
      const placed = argument && placeInput(device, spec.name, argument, loan, uploads.get(name));
      if (!placed) continue;
      if (argument.host) uploads.set(name, placed);
      placement.set(name, placed);
    }
    return placement;
  };

  return {
    backend: "webgpu",
    run: (inputs, given = {}) => {
      check();
      const isNew = !isAlike(given, numbers, Object.is);
      const values = isNew ? settle(given) : settled;
      const isPlaced = ready && isAlike(inputs, ready.inputs, isSteady);
      let now = ready as Ready;
      if (isNew || !isPlaced) {
        const isFirst = uniforms === undefined;
        uniforms ??= loan.take(steps.uniformBytes);
        if (!isPlaced) {
          const placement = place(inputs);
          now = { inputs: { ...inputs }, placement, groups: steps.groups(placement, uniforms) };
        }
        const words = new Uint32Array(steps.pack(now.placement, values));
        if (isFirst || words.some((word, at) => word !== written[at])) {
          device.queue.writeBuffer(uniforms, 0, words);
          written.set(words);
        }
        [ready, numbers, settled] = [now, { ...given }, values];
      }
      device.pushErrorScope("validation");
      steps.submit(now.groups);
      return results.wrap(program, now.placement, [], on.popScope(spec.name));
    },
    encode: (encoder, inputs) => {
      check();
      if (typeof encoder?.beginComputePass !== "function") {
        fail("OPTION", `${spec.name}: expected a GPUCommandEncoder, got ${describe(encoder)}`);
      }
      const placement = place(inputs);
      const words = new Uint32Array(steps.pack(placement, request.numbers));
      const content = words.join();
      let buffer = recorded.get(content);
      if (!buffer) {
        buffer = loan.take(steps.uniformBytes);
        device.queue.writeBuffer(buffer, 0, words);
        recorded.set(content, buffer);
      }
      steps.encode(encoder, steps.groups(placement, buffer));
      return results.wrap(program, placement, []);
    },
    destroy: () => {
      destroyed = true;
      loan.giveBack();
    },
  };
}
