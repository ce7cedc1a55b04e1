// The command line of `npm run bench`.
import { parseArgs } from "node:util";

export const help = `npm run bench -- [options]
  --only a,b     contenders whose name has one of these words (limit, cpu, "in place", tensorflow …)
  --shapes a,b   shapes whose name has one of these words (gpt2, llama3, imagenet, segmentation, clip …)
  --peers        with TensorFlow.js, jax-js and ONNX Runtime Web, installed into bench/peers
  --budget S     seconds to stay within, about; the problems grow with it (default 240, with --peers 900)
  --tune         instead of all that: the best kernel variant per shape on this adapter
  --json         the results on standard output as JSON, progress on standard error
  --dry          writes nothing into bench/results`;

const list = (value) => (value ?? "").split(",").filter((word) => word.trim() !== "");

export function parse(argv) {
  const { values } = parseArgs({
    args: argv,
    options: {
      only: { type: "string" },
      shapes: { type: "string" },
      budget: { type: "string" },
      peers: { type: "boolean", default: false },
      tune: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      dry: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const usual = values.peers ? 900 : 240;
  const seconds = Number(values.budget ?? usual);
  if (!(seconds > 0)) throw new Error(`--budget must be seconds above 0, got ${values.budget}`);
  // Half the time means half the problem, so that a short run has as many samples as a long one.
  const scale = seconds / usual;
  return {
    ...values,
    // A part of the whole is for looking, not for the record.
    dry: values.dry || values.only !== undefined || values.shapes !== undefined,
    config: {
      budgetMs: seconds * 1000,
      elements: { software: Math.round(scale * 2 ** 21), hardware: Math.round(scale * 2 ** 26) },
      only: list(values.only),
      shapes: list(values.shapes),
      peers: values.peers,
    },
  };
}
