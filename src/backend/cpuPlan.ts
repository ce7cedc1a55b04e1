import { bindInputs, bindNumbers } from "../bind.js";
import { fail } from "../errors.js";
import type { LossResult } from "../result.js";
import type { Job, Plan } from "./index.js";

interface Parts {
  readonly job: Job;
  /** Fails where the backend was destroyed. */
  check(): void;
  compute(job: Job): LossResult;
}

/** A checked call that takes its data and numbers later. */
export function cpuPlan({ job, check, compute }: Parts): Plan {
  const { spec } = job;
  let destroyed = false;
  return {
    backend: "cpu",
    run: (inputs, numbers = {}) => {
      check();
      if (destroyed) fail("DISPOSED", `${spec.name}: this plan was destroyed`);
      const request = bindInputs(bindNumbers(job.request, numbers), inputs);
      return compute({ ...job, request, geometry: spec.check(request) });
    },
    encode: () => fail("UNSUPPORTED", "plan.encode needs WebGPU; this plan is on the CPU"),
    destroy: () => {
      destroyed = true;
    },
  };
}
