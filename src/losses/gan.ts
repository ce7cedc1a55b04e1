import { sigmoid, softplus } from "../cpu/functions.js";
import { elementwise } from "../families/elementwise.js";

type Role = "discriminatorReal" | "discriminatorFake" | "generator";
type Judge = (z: number) => readonly [value: number, slope: number];

const real: Judge = (z) => [softplus(-z), -sigmoid(-z)];
const fake: Judge = (z) => [softplus(z), sigmoid(z)];
const square =
  (goal: number): Judge =>
  (z) => [0.5 * (z - goal) ** 2, z - goal];
const raise: Judge = (z) => [-z, -1];

const table: Readonly<Record<string, Readonly<Record<Role, Judge>>>> = {
  minimax: {
    discriminatorReal: real,
    discriminatorFake: fake,
    generator: (z) => [-softplus(z), -sigmoid(z)],
  },
  nonSaturating: { discriminatorReal: real, discriminatorFake: fake, generator: real },
  hinge: {
    discriminatorReal: (z) => (z < 1 ? [1 - z, -1] : [0, 0]),
    discriminatorFake: (z) => (z > -1 ? [1 + z, 1] : [0, 0]),
    generator: raise,
  },
  leastSquares: {
    discriminatorReal: /* @__PURE__ */ square(1),
    discriminatorFake: /* @__PURE__ */ square(0),
    generator: /* @__PURE__ */ square(1),
  },
  wasserstein: { discriminatorReal: raise, discriminatorFake: (z) => [z, 1], generator: raise },
};

/**
 * Adversarial losses of a discriminator's logits: its own on real and on made samples, and the generator's.
 * @example
 * const { loss } = await gan([2, 0.5, -1], { variant: "nonSaturating", role: "generator" });
 */
export const gan = /* @__PURE__ */ elementwise({
  name: "gan",
  aka: ["adversarial loss", "LSGAN", "WGAN", "hinge GAN"],
  summary:
    "Adversarial losses of a discriminator's logits: its own on real and on made samples, and the generator's.",
  formula: String.raw`-\log \sigma(z) \;\text{(real)}, \quad -\log(1 - \sigma(z)) \;\text{(made)}, \quad \log(1 - \sigma(z)) \;\text{(generator)}`,
  reference:
    "Goodfellow et al. 2014, arXiv:1406.2661; Mao et al. 2016, arXiv:1611.04076; Arjovsky et al. 2017, arXiv:1701.07875; Lim, Ye 2017, arXiv:1705.02894",
  inputs: { logits: "wrt" },
  options: {
    variant: {
      default: "minimax",
      values: ["minimax", "nonSaturating", "hinge", "leastSquares", "wasserstein"],
      doc: "Which game is played.",
    },
    role: {
      default: "generator",
      values: ["discriminatorReal", "discriminatorFake", "generator"],
      doc: "Whose loss it is: the discriminator's on real or on made samples, or the generator's.",
    },
  },
  cpu: (z, { variant, role }) => (table[variant] as Record<Role, Judge>)[role](z),
  wgsl: /* wgsl */ `
    fn loss(z: f32) -> Dual {
      if (VARIANT < 2u) {
        if (ROLE == 0u || (ROLE == 2u && VARIANT == 1u)) {
          return Dual(softplus(-z), -sigmoid(-z));
        }
        let way = select(1.0, -1.0, ROLE == 2u);
        return Dual(way * softplus(z), way * sigmoid(z));
      }
      if (VARIANT == 2u && ROLE < 2u) {
        let way = select(1.0, -1.0, ROLE == 0u);
        let gap = 1.0 + way * z;
        return Dual(max(gap, 0.0), select(0.0, way, gap > 0.0));
      }
      if (VARIANT == 3u) {
        let gap = z - select(1.0, 0.0, ROLE == 1u);
        return Dual(0.5 * gap * gap, gap);
      }
      let way = select(-1.0, 1.0, ROLE == 1u);
      return Dual(way * z, way);
    }`,
  limits: ["logits"],
  cases: [
    { args: [[0]], options: { role: "discriminatorReal" }, loss: Math.LN2 },
    { args: [[-1.5, 0, 1]], loss: -0.735940715354 },
  ],
});
