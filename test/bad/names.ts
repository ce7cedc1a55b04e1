import {
  asBackend,
  asOptions,
  type BadInput,
  call,
  labels,
  make,
  matrix,
  probabilities,
} from "./calls.js";

class Options {
  reduction = "sum";
}

export const names: readonly BadInput[] = [
  ...asOptions([
    [
      "a misspelt option",
      "OPTION",
      /no option "labelsmoothing".*did you mean labelSmoothing/,
      { labelsmoothing: 0.1 },
    ],
    ["an option of another library", "OPTION", /no option "from_logits"/, { from_logits: true }],
    [
      "outputs as a word",
      "OPTION",
      /outputs must be a list, got "entropy"/,
      { outputs: "entropy" },
    ],
    [
      "outputs with an unknown name",
      "OPTION",
      /outputs knows logSumExp.*got "entropi"/,
      { outputs: ["entropi"] },
    ],
    ["outputs with a number", "OPTION", /outputs knows .*got 1/, { outputs: [1] }],
    [
      "perplexity without a mean",
      "OPTION",
      /perplexity needs a reduction/,
      { outputs: ["perplexity"], reduction: "none" },
    ],
    ["gradients as a word", "OPTION", /gradients must be true, a list/, { gradients: "logits" }],
    ["gradients as a number", "OPTION", /gradients must be true, a list/, { gradients: 1 }],
    [
      "gradients with an unknown name",
      "OPTION",
      /gradients can name logits.*got "logit"/,
      { gradients: ["logit"] },
    ],
    [
      "gradients to labels",
      "OPTION",
      /gradients can name logits.*got "targets"/,
      { gradients: ["targets"] },
    ],
    [
      "gradients to a weight",
      "OPTION",
      /gradients can name logits.*got "weight"/,
      { weight: [1, 1, 1], gradients: ["weight"] },
    ],
    [
      "gradients to a temperature that is no tensor",
      "OPTION",
      /gradients can name logits.*got "temperature"/,
      { temperature: 2, gradients: ["temperature"] },
    ],
    [
      "gradients to a misspelt place",
      "OPTION",
      /gradients.logits must be true or "inPlace"/,
      { gradients: { logits: "inplace" } },
    ],
    [
      "a backend by name",
      "OPTION",
      /backend must come from openBackend\(\), got "webgpu"/,
      { backend: "webgpu" },
    ],
    [
      "a backend that nobody awaited",
      "OPTION",
      /backend must come from openBackend\(\), got Promise/,
      { backend: Promise.resolve() },
    ],
    [
      "a backend that is null",
      "OPTION",
      /backend must come from openBackend\(\), got null/,
      { backend: null },
    ],
    [
      "a controller instead of its signal",
      "OPTION",
      /signal must be an AbortSignal, got AbortController/,
      { signal: new AbortController() },
    ],
    [
      "onProgress that is no function",
      "OPTION",
      /onProgress must be a function, got true/,
      { onProgress: true },
    ],
    [
      "in place over another place's number",
      "OPTION",
      /gradients can name .*got "0"/,
      { gradients: { 0: "inPlace" } },
    ],
  ]),
  ...asOptions(
    [
      [
        "logProbs of probabilities",
        "OPTION",
        /logProbs needs class numbers/,
        { outputs: ["logProbs"] },
      ],
      ["shifted probabilities", "OPTION", /shift needs class numbers/, { shift: true }],
      ["an ignored class", "OPTION", /ignoreIndex needs class numbers/, { ignoreIndex: 0 }],
    ],
    probabilities,
  ),
  {
    title: "options: shift over classes that are not the last axis",
    code: "OPTION",
    says: /shift needs class numbers/,
    act: (backend) =>
      call(make(new Float32Array(12), [2, 3, 2]), make(new Int32Array(4), [2, 2]), {
        classAxis: 1,
        shift: true,
        backend,
      }),
  },
  {
    title: "no arguments",
    code: "SHAPE_MISMATCH",
    says: /crossEntropy takes \(logits, targets, options\), got 0/,
    act: () => call(),
  },
  {
    title: "one argument",
    code: "SHAPE_MISMATCH",
    says: /crossEntropy takes \(logits, targets, options\), got 1/,
    act: () => call(matrix()),
  },
  {
    title: "four arguments",
    code: "SHAPE_MISMATCH",
    says: /crossEntropy takes .* got 4/,
    act: () => call(matrix(), labels(), {}, {}),
  },
  {
    title: "options that are a word",
    code: "OPTION",
    says: /options must be a plain object, got "mean"/,
    act: () => call(matrix(), labels(), "mean"),
  },
  {
    title: "options that are null",
    code: "OPTION",
    says: /options must be a plain object, got null/,
    act: () => call(matrix(), labels(), null),
  },
  {
    title: "options that are a list",
    code: "OPTION",
    says: /options must be a plain object, got an array/,
    act: () => call(matrix(), labels(), []),
  },
  {
    title: "options that are an instance",
    code: "OPTION",
    says: /options must be a plain object, got Options/,
    act: () => call(matrix(), labels(), new Options()),
  },
  ...asBackend([
    [
      "an unknown kind",
      "OPTION",
      /openBackend: kind must be auto, webgpu or cpu, got "gpu"/,
      { kind: "gpu" },
    ],
    ["an unknown option", "OPTION", /openBackend: there is no option "adapter"/, { adapter: 1 }],
    ["no memory", "OPTION", /openBackend: memoryBudget must be .*got 0/, { memoryBudget: 0 }],
    [
      "a memory that is NaN",
      "OPTION",
      /openBackend: memoryBudget must be .*got NaN/,
      { memoryBudget: Number.NaN },
    ],
    [
      "a device that is none",
      "OPTION",
      /openBackend: device must be a GPUDevice, got Object/,
      { device: {} },
    ],
    ["options that are null", "OPTION", /openBackend: .*null/, null],
  ]),
];
