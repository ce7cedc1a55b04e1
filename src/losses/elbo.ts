// Two sums of different length make a sample's loss (pixels and latents), so neither the element-wise skeleton, whose
// elements are the losses, nor the softmax fits: it stands on the skeleton of sums that the overlap losses use too.
import { sigmoid, softplus } from "../cpu/functions.js";
import { type Part, samples } from "../families/samples.js";

const plain = /* wgsl */ `
    fn outcome(sums: vec3f) -> Outcome { return Outcome(sums.x, vec3f(1.0, 0.0, 0.0)); }`;

/** The part that compares: a sum of its terms, nothing more. */
const reconstruct = (part: Pick<Part, "terms" | "slopes" | "wgsl">): Part => ({
  inputs: ["reconstructions", "targets"],
  output: "reconstruction",
  needsSums: false,
  outcome: ([sum]) => [sum, [1, 0, 0]],
  terms: part.terms,
  slopes: part.slopes,
  wgsl: part.wgsl + plain,
});

const bernoulli = /* @__PURE__ */ reconstruct({
  terms: (z, t) => [t * softplus(-z) + (1 - t) * softplus(z), 0, 0],
  slopes: (z, t) => [sigmoid(z) - t, -z],
  wgsl: /* wgsl */ `
    fn terms(z: f32, t: f32) -> vec3f {
      return vec3f(t * softplus(-z) + (1.0 - t) * softplus(z), 0.0, 0.0);
    }
    fn slopes(z: f32, t: f32, by: vec3f) -> vec2f { return vec2f(sigmoid(z) - t, -z); }`,
});

const gaussian = /* @__PURE__ */ reconstruct({
  terms: (x, t) => [0.5 * (x - t) ** 2, 0, 0],
  slopes: (x, t) => [x - t, t - x],
  wgsl: /* wgsl */ `
    fn terms(x: f32, t: f32) -> vec3f { return vec3f(0.5 * (x - t) * (x - t), 0.0, 0.0); }
    fn slopes(x: f32, t: f32, by: vec3f) -> vec2f { return vec2f(x - t, t - x); }`,
});

const divergence: Part = {
  inputs: ["means", "logVariances"],
  output: "kl",
  needsSums: false,
  terms: (mean, v) => [0.5 * (Math.expm1(v) - v + mean * mean), 0, 0],
  outcome: ([sum], { beta }) => [(beta as number) * sum, [beta as number, 0, 0]],
  slopes: (mean, v, [by]) => [by * mean, by * 0.5 * Math.expm1(v)],
  // Above 88.7 e^v is no float32: the largest number stands for infinity.
  wgsl: /* wgsl */ `
    fn terms(mean: f32, v: f32) -> vec3f {
      let term = 0.5 * (expm1Less(min(v, 88.7)) + mean * mean);
      return vec3f(select(term, LARGEST, v > 88.7), 0.0, 0.0);
    }
    fn outcome(sums: vec3f) -> Outcome {
      return Outcome(params.beta * sums.x, vec3f(params.beta, 0.0, 0.0));
    }
    fn slopes(mean: f32, v: f32, by: vec3f) -> vec2f {
      return by.x * vec2f(mean, 0.5 * select(expm1Wide(min(v, 88.7)), LARGEST, v > 88.7));
    }`,
};

const parts = {
  bernoulli: [bernoulli, divergence],
  gaussian: [gaussian, divergence],
} as const;

/**
 * Negative evidence lower bound of a variational autoencoder: reconstruction plus beta times the divergence from N(0, 1).
 * @example
 * const { loss } = await elbo([[1, -1]], [[1, 0]], [[0.1]], [[-0.2]], { beta: 4 });
 */
export const elbo = /* @__PURE__ */ samples({
  name: "elbo",
  family: "generative",
  aka: ["VAE loss", "beta-VAE", "variational free energy"],
  summary:
    "Negative evidence lower bound of a variational autoencoder: reconstruction plus beta times the divergence from N(0, 1).",
  formula: String.raw`\textstyle\sum_j \ell(x_j, t_j) + \tfrac{\beta}{2} \sum_k \left(\mu_k^2 + e^{v_k} - 1 - v_k\right)`,
  reference: "Kingma, Welling 2014, arXiv:1312.6114; Higgins et al. 2017 (beta-VAE)",
  inputs: { reconstructions: "wrt", targets: "wrt", means: "wrt", logVariances: "wrt" },
  options: {
    reconstruction: {
      default: "bernoulli",
      values: ["bernoulli", "gaussian"],
      doc: "bernoulli: binary cross-entropy of logits; gaussian: half the squared error.",
    },
    beta: { default: 1, min: 0, doc: "Weight of the divergence." },
  },
  outputs: {
    reconstruction: "the reconstruction part, per sample",
    kl: "the divergence before beta, per sample",
  },
  parts: ({ reconstruction: kind }) => parts[kind as keyof typeof parts],
  cases: [
    { args: [[[0, 0]], [[1, 0]], [[1]], [[0]]], loss: 2 * Math.LN2 + 0.5 },
    {
      args: [[[2, 1]], [[1, 1]], [[1]], [[0]]],
      options: { reconstruction: "gaussian", beta: 4 },
      loss: 2.5,
    },
  ],
});
