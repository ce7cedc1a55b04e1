import type { Backend } from "../src/backend/index.js";
import type { AnyLoss } from "../src/define.js";
import type { LossResult, Tensor } from "../src/index.js";
import * as library from "../src/index.js";
import type { WorkedCase } from "../src/spec.js";
import { casesOf, type OracleCase } from "./oracle.js";

/** A number that one of the source documents prints. */
export type DocumentCase = OracleCase & {
  readonly document: string;
  readonly section: string;
  /** Decimals that are printed, where they are few. */
  readonly digits?: number;
};

const losses = Object.values(library).filter(
  (item): item is typeof item & AnyLoss => typeof item === "function" && "spec" in item,
);

/** Every printed number of the documents that a loss of this library gives. */
export const documentCases: readonly DocumentCase[] = (casesOf("worked") as DocumentCase[]).filter(
  ({ loss }) => loss in library,
);

/** Half of the last printed decimal may be missing. */
export const missing = ({ digits }: DocumentCase): number =>
  digits === undefined ? 0 : 0.5000001 * 10 ** -digits;

/** The cases that the losses' own files state. */
export const statedCases: readonly { title: string; loss: AnyLoss; example: WorkedCase }[] =
  losses.flatMap((loss) =>
    loss.spec.cases.map((example, at) => ({
      title: `${loss.spec.name}, case ${at + 1}`,
      loss,
      example,
    })),
  );

/** What a stated case gives on a backend. */
export async function valuesOf(
  loss: AnyLoss,
  { args, options }: WorkedCase,
  backend: Backend,
): Promise<number[]> {
  const call = loss as unknown as (
    ...args: unknown[]
  ) => Promise<LossResult & { readonly output?: Tensor }>;
  const result = await call(...args, { ...options, backend });
  const values = Array.from((await (result.output ?? result.loss).read()) as Float64Array);
  result.destroy();
  return values;
}
