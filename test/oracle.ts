import type { Backend } from "../src/backend/index.js";
import type { LossFunction } from "../src/define.js";
import * as library from "../src/index.js";
import { type LossResult, type Tensor, tensor } from "../src/index.js";

/** A tensor as the oracle writes it; non-finite numbers are words. */
interface Stored {
  readonly shape: readonly number[];
  readonly data: readonly (number | string)[];
  readonly dtype?: string;
}
export interface OracleCase {
  readonly loss: string;
  readonly title: string;
  readonly inputs: Readonly<Record<string, Stored>>;
  readonly options: Readonly<Record<string, unknown>>;
  readonly expected: {
    /** Absent where the function is no loss: its values are outputs.output. */
    readonly loss?: Stored;
    readonly gradients?: Readonly<Record<string, Stored>>;
    readonly outputs?: Readonly<Record<string, Stored>>;
  };
}

const files = import.meta.glob<OracleCase[]>("./oracle/*.json", { eager: true, import: "default" });

/** Every committed case of a loss; an empty list would be a test that asserts nothing. */
export function casesOf(loss: string): OracleCase[] {
  const cases = files[`./oracle/${loss}.json`];
  if (!cases?.length) throw new Error(`test/oracle/${loss}.json has no cases`);
  return cases;
}

export const oracleNames: string[] = Object.keys(files).map((path) => path.slice(9, -5));

type AnyLoss = LossFunction<readonly unknown[], Record<string, unknown>>;

/** The function of that name in the public surface. */
export function lossNamed(name: string): AnyLoss {
  const found = (library as unknown as Record<string, AnyLoss | undefined>)[name];
  if (!found?.spec) throw new Error(`the library exports no loss ${name}`);
  return found;
}

const isStored = (value: unknown): value is Stored =>
  typeof value === "object" && value !== null && "shape" in value && "data" in value;

const numbersOf = (stored: Stored): Float64Array => Float64Array.from(stored.data, Number);

function toTensor(stored: Stored): Tensor {
  const dtype = stored.dtype ?? "f32";
  const numbers = numbersOf(stored);
  // Worked numbers of the documents are decimal fractions: the CPU takes them as they are.
  const isSingle = numbers.every((x) => Object.is(Math.fround(x), x));
  if (dtype === "f32") return tensor(isSingle ? Float32Array.from(numbers) : numbers, stored.shape);
  return tensor(numbers, stored.shape, { dtype: dtype as "i32" });
}

function toOptions(stored: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(stored)) {
    if (isStored(value)) options[name] = toTensor(value);
    else if (name === "reduction" && typeof value === "object" && value !== null) {
      const { denominator } = value as { denominator: unknown };
      options[name] = { denominator: isStored(denominator) ? toTensor(denominator) : denominator };
    } else options[name] = value === "Infinity" ? Number.POSITIVE_INFINITY : value;
  }
  return options;
}

/** How far a value may be off: absolutely, and in units of its own size and of the tensor's largest. */
export interface Tolerance {
  readonly absolute: number;
  readonly relative: number;
}

/** The worst excess over the tolerance as a sentence, or undefined where all agree. */
export function compare(
  name: string,
  got: ArrayLike<number>,
  expected: Stored,
  { absolute, relative }: Tolerance,
): string | undefined {
  const numbers = numbersOf(expected);
  if (got.length !== numbers.length) {
    return `${name}: ${got.length} numbers, expected ${numbers.length}`;
  }
  const finite = numbers.filter(Number.isFinite).map(Math.abs);
  const scale = finite.reduce((a, b) => Math.max(a, b), 0);
  for (let index = 0; index < numbers.length; index++) {
    const want = numbers[index] as number;
    const have = got[index] as number;
    if (Object.is(want, have) || want === have) continue;
    const off = Math.abs(have - want);
    if (
      off <=
      absolute * Math.max(1, name.startsWith("gradients") ? scale : 0) + relative * Math.abs(want)
    )
      continue;
    return `${name}[${index}] is ${have}, expected ${want} (off by ${off})`;
  }
  return undefined;
}

/** Runs a case and lists what differs from PyTorch. */
export async function runCase(
  oracle: OracleCase,
  backend: Backend,
  tolerance: { readonly value: Tolerance; readonly gradient: Tolerance },
): Promise<string[]> {
  const loss = lossNamed(oracle.loss);
  const gradients = oracle.expected.gradients ?? {};
  const outputs = oracle.expected.outputs ?? {};
  const inputs = Object.keys(loss.spec.inputs).map((name) => {
    const stored = oracle.inputs[name];
    if (!stored) throw new Error(`${oracle.loss}: the case has no input ${name}`);
    return toTensor(stored);
  });
  // Tensors that a call may leave out are options here, whatever PyTorch calls them.
  const optional = Object.entries(oracle.inputs).filter(([name]) => !(name in loss.spec.inputs));
  const options = {
    ...toOptions(oracle.options),
    ...toOptions(Object.fromEntries(optional)),
    backend,
    gradients: Object.keys(gradients),
    ...(Object.keys(outputs).length > 0 && !loss.spec.result
      ? { outputs: Object.keys(outputs) }
      : {}),
  };
  const result = (await loss(...(inputs as never[]), options as never)) as LossResult;
  const problems: (string | undefined)[] = [];
  const look = async (name: string, found: Tensor | undefined, expected: Stored, t: Tolerance) => {
    if (!found) problems.push(`${name} is missing`);
    else if (found.shape.join() !== expected.shape.join()) {
      problems.push(`${name} has shape [${found.shape}], expected [${expected.shape}]`);
    } else problems.push(compare(name, (await found.read()) as Float32Array, expected, t));
  };
  const { loss: value } = oracle.expected;
  if (value) await look("loss", result.loss, value, tolerance.value);
  for (const [name, expected] of Object.entries(gradients)) {
    await look(`gradients.${name}`, result.gradients[name], expected, tolerance.gradient);
  }
  for (const [name, expected] of Object.entries(outputs)) {
    const found = (result as unknown as Record<string, Tensor>)[name];
    await look(name, found, expected, tolerance.value);
  }
  result.destroy();
  return problems.filter((problem): problem is string => problem !== undefined);
}
