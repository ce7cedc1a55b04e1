import { expect, test } from "vitest";
import type { Backend, CommonOptions } from "../src/index.js";
import { crossEntropy, crossEntropyBlocks, type Tensor, tensor } from "../src/index.js";

const rows = 11;
const classes = 37;
const logits = Float32Array.from({ length: rows * classes }, (_, i) =>
  Math.fround(3 * Math.sin(i)),
);
const labels = Int32Array.from({ length: rows }, (_, row) =>
  row === 4 ? -100 : (row * 7) % classes,
);
const weight = Float32Array.from({ length: classes }, (_, c) => 0.5 + (c % 3));
const upstream = Float32Array.from({ length: rows }, (_, row) => 1 + row / 4);

const options = [
  {},
  { reduction: "sum", labelSmoothing: 0.1 },
  { weight, labelSmoothing: 0.2, zLoss: 1e-3, outputs: ["logSumExp", "correct", "perplexity"] },
  { reduction: "none", upstream, softcap: 5, outputs: ["entropy"] },
  { reduction: "sequenceMean", temperature: tensor([0.7], []), sampleWeight: upstream },
  { mask: Uint8Array.from(labels, (_, row) => (row % 3 ? 1 : 0)), shift: true },
] as const;

const numbers = async (found: Tensor | undefined): Promise<number[]> =>
  Array.from((await (found as Tensor).read()) as Float64Array);

function expectClose(got: number[], want: number[]): void {
  expect(got).toHaveLength(want.length);
  for (const [at, value] of want.entries()) {
    expect(Math.abs((got[at] as number) - value)).toBeLessThanOrEqual(1e-6 * (1 + Math.abs(value)));
  }
}

/** The same tests on either backend: in blocks the numbers are those of one call. */
export function blocksTests(backend: Backend): void {
  const gradients = ["logits", "temperature"] as const;
  const parts = (cuts: number[]): Tensor[] =>
    cuts.slice(1).map((end, at) => {
      const start = cuts[at] as number;
      const part = logits.slice(start * classes, end * classes);
      return tensor(part, [end - start, classes]);
    });

  test.each(options)("logits in several tensors give one call's numbers: %j", async (given) => {
    const wanted = "temperature" in given ? gradients : (["logits"] as const);
    const all = { ...given, backend, gradients: wanted } as CommonOptions<
      "logits" | "temperature",
      never
    >;
    const whole = await crossEntropy(tensor(logits, [rows, classes]), labels, all);
    const blocks = await crossEntropyBlocks(parts([0, 4, 5, 11]), labels, all);
    expectClose(await numbers(blocks.loss), await numbers(whole.loss));
    const found = await Promise.all(blocks.gradients.logits.map(numbers));
    expectClose(found.flat(), await numbers(whole.gradients.logits));
    if ("temperature" in given) {
      expectClose(
        await numbers(blocks.gradients.temperature),
        await numbers(whole.gradients.temperature),
      );
    }
    for (const [name, output] of Object.entries(blocks.outputs)) {
      expectClose(
        await numbers(output),
        await numbers((whole as unknown as Record<string, Tensor>)[name]),
      );
    }
    expect(Object.keys(blocks.outputs)).toEqual("outputs" in given ? [...given.outputs] : []);
    blocks.destroy();
    whole.destroy();
  });

  test("a callback supplies the rows of a block and takes their gradient", async () => {
    const seen: string[] = [];
    const stored = new Float64Array(rows * classes);
    const result = await crossEntropyBlocks(
      {
        shape: [rows, classes],
        rowsPerBlock: 4,
        load: async (start, end) =>
          tensor(logits.slice(start * classes, end * classes), [end - start, classes]),
        store: async (start, end, gradient) => {
          seen.push(`${start}-${end}`);
          stored.set((await gradient.read()) as Float32Array, start * classes);
        },
      },
      labels,
      { backend, gradients: true, onProgress: ({ done, total }) => seen.push(`${done}/${total}`) },
    );
    expect(seen).toEqual(["0-4", "4/11", "4-8", "8/11", "8-11", "11/11"]);
    const whole = await crossEntropy(tensor(logits, [rows, classes]), labels, {
      backend,
      gradients: true,
    });
    expectClose([...stored], await numbers(whole.gradients.logits));
    expect(result.gradients.logits).toEqual([]);
    whole.destroy();
  });

  test("blocks that do not fit together, and a signal that is aborted, are refused", async () => {
    await expect(
      crossEntropyBlocks([tensor([[1, 2]]), tensor([[1, 2, 3]])], [0, 1], { backend }),
    ).rejects.toThrow("crossEntropyBlocks: block 1 has shape [1,3], expected [rows, 2]");
    const load = () => logits;
    await expect(
      crossEntropyBlocks({ shape: [2, 3], rowsPerBlock: 0, load }, [0, 1], { backend }),
    ).rejects.toThrow("crossEntropyBlocks: rowsPerBlock must be a whole number above 0, got 0");
    await expect(
      crossEntropyBlocks(parts([0, 11]), labels, { backend, signal: AbortSignal.abort() }),
    ).rejects.toThrow(/abort/i);
  });
}
