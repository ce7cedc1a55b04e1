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
  const uniforms = new Map<string, GPUBuffer>();
  /** Where host data of an input go; made when some come. */
  const uploads = new Map<string, Placed>();
  const changeable = new Set(program.passes.flatMap(({ params }) => Object.values(params)));
  let destroyed = false;

  const bind = (
    inputs: PlanInputs,
    numbers: Readonly<Record<string, number>> = {},
  ): { placement: Placement; buffer: GPUBuffer } => {
    on.check();
    if (destroyed) fail("DISPOSED", `${spec.name}: this plan was destroyed`);
    for (const name of Object.keys(numbers)) {
      if (changeable.has(name)) continue;
      fail("OPTION", `${spec.name}: ${name} is fixed in this plan; make one with it switched on`);
    }
    const bound = request.bind(inputs, numbers);
    spec.check(bound);
    const placement = new Map(fixed);
    for (const name of Object.keys(inputs)) {
      const argument = bound.tensors[name];
      const own = uploads.get(name) ?? fixed.get(name);
      const placed = argument && placeInput(device, spec.name, argument, loan, own);
      if (!placed) continue;
      if (argument.host) uploads.set(name, placed);
      placement.set(name, placed);
    }
    // One uniform buffer per content: a caller's encoder may hold several recordings of this plan.
    const packed = steps.pack(placement, bound.numbers);
    const key = new Uint32Array(packed.buffer).join();
    let buffer = uniforms.get(key);
    if (!buffer) {
      buffer = loan.take(steps.uniformBytes);
      device.queue.writeBuffer(buffer, 0, packed);
      uniforms.set(key, buffer);
    }
    return { placement, buffer };
  };

  return {
    backend: "webgpu",
    run: (inputs, numbers) => {
      const { placement, buffer } = bind(inputs, numbers);
      device.pushErrorScope("validation");
      const encoder = device.createCommandEncoder({ label: program.label });
      steps.encode(encoder, placement, buffer);
      device.queue.submit([encoder.finish()]);
      return results.wrap(program, placement, [], on.popScope(spec.name));
    },
    encode: (encoder, inputs) => {
      const { placement, buffer } = bind(inputs);
      steps.encode(encoder, placement, buffer);
      return results.wrap(program, placement, []);
    },
    destroy: () => {
      destroyed = true;
      loan.giveBack();
    },
  };
}
