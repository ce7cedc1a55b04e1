import { row } from "../families/row.js";

/**
 * Listwise softmax ranking loss: cross-entropy between the relevance of a list's items and their scores.
 * @example
 * const { loss } = await listwiseSoftmax([[2, 1, 0]], [[1, 0, 0]], { itemMask: [[1, 1, 0]] });
 */
export const listwiseSoftmax = /* @__PURE__ */ row({
  name: "listwiseSoftmax",
  aka: ["ListNet", "ranking softmax loss"],
  summary:
    "Listwise softmax ranking loss: cross-entropy between the relevance of a list's items and their scores.",
  formula: String.raw`-\sum_i r_i \log\operatorname{softmax}(s)_i`,
  reference: "Cao et al. 2007, doi:10.1145/1273496.1273513",
  inputs: { scores: "wrt", relevance: "asked" },
  options: {
    itemMask: {
      tensor: "like the scores",
      role: "data",
      doc: "0 where a list has no item: it leaves the softmax, is never read and has gradient 0.",
    },
  },
  forms: () => ["logits", "plain"],
  itemMask: "itemMask",
  cell: (_p, logP, r) => [r === 0 ? 0 : -r * logP, -r, -logP],
  wgsl: /* wgsl */ `
fn cell(p: f32, logP: f32, r: f32, logR: f32, ratio: f32) -> Cell {
  let value = select(-r * logP, sign(r) * INFINITE, isGone(logP));
  return Cell(value, -r, -logP);
}`,
  cases: [
    { args: [[[0, 0]], [[1, 1]]], loss: 1.3862943611198906 },
    {
      args: [[[0, 0, 7]], [[3, 0, 0]]],
      options: { itemMask: [[1, 1, 0]] },
      loss: 2.0794415416798357,
    },
  ],
});
