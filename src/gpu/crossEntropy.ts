import type { Geometry } from "../losses/crossEntropy.js";
import { type Program, ProgramBuilder, type Target } from "../plan.js";
import type { Request } from "../request.js";

export function planCrossEntropy(request: Request, geometry: Geometry, on: Target): Program {
  const builder = new ProgramBuilder("crossEntropy");
  return builder.build();
}
