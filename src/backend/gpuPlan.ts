import { bind as bindRequest } from "../bind.js";
import { fail } from "../errors.js";
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

/** A compiled program with buffers of its own: what is allocated lives until destroy(). */
export function gpuPlan({ on, job, steps, fixed, loan, results }: Parts): Plan {
  const { spec, request } = job;
  const { program } = steps;
  const { device } = on;
  /** The uniforms of run(), which submits at once: a later write waits for what was submitted before. */
  let current: { readonly buffer: GPUBuffer; content: string } | undefined;
  /** Those of encode(), one buffer per content: a caller's encoder may hold several recordings of this plan. */
  const recorded = new Map<string, GPUBuffer>();
  /** Where host data of an input go; made when some come. */
  const uploads = new Map<string, Placed>();
  const changeable = new Set(program.passes.flatMap(({ params }) => Object.values(params)));
  let destroyed = false;

  const bind = (
    inputs: PlanInputs,
    numbers: Readonly<Record<string, number>> = {},
  ): { placement: Placement; packed: Uint8Array<ArrayBuffer>; content: string } => {
    on.check();
    if (destroyed) fail("DISPOSED", `${spec.name}: this plan was destroyed`);
    const bound = bindRequest(request, inputs, numbers);
    for (const name of Object.keys(numbers)) {
      if (changeable.has(name)) continue;
      fail("OPTION", `${spec.name}: ${name} is fixed in this plan; make one with it switched on`);
    }
    spec.check(bound);
    const placement = new Map(fixed);
    for (const name of Object.keys(inputs)) {
      const argument = bound.tensors[name];
      const placed = argument && placeInput(device, spec.name, argument, loan, uploads.get(name));
      if (!placed) continue;
      if (argument.host) uploads.set(name, placed);
      placement.set(name, placed);
    }
    const packed = steps.pack(placement, bound.numbers);
    return { placement, packed, content: new Uint32Array(packed.buffer).join() };
  };

  return {
    backend: "webgpu",
    run: (inputs, numbers) => {
      const { placement, packed, content } = bind(inputs, numbers);
      current ??= { buffer: loan.take(steps.uniformBytes), content: "" };
      if (content !== current.content) device.queue.writeBuffer(current.buffer, 0, packed);
      current.content = content;
      device.pushErrorScope("validation");
      const encoder = device.createCommandEncoder({ label: program.label });
      steps.encode(encoder, placement, current.buffer);
      device.queue.submit([encoder.finish()]);
      return results.wrap(program, placement, [], on.popScope(spec.name));
    },
    encode: (encoder, inputs) => {
      const { placement, packed, content } = bind(inputs);
      let buffer = recorded.get(content);
      if (!buffer) {
        buffer = loan.take(steps.uniformBytes);
        device.queue.writeBuffer(buffer, 0, packed);
        recorded.set(content, buffer);
      }
      steps.encode(encoder, placement, buffer);
      return results.wrap(program, placement, []);
    },
    destroy: () => {
      destroyed = true;
      loan.giveBack();
    },
  };
}
