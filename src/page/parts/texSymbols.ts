// The commands of LaTeX that the formulas use, and what MathML shows for them.

export const identifiers: Readonly<Record<string, string>> = {
  alpha: "α",
  beta: "β",
  gamma: "γ",
  delta: "δ",
  epsilon: "ϵ",
  eta: "η",
  theta: "θ",
  kappa: "κ",
  lambda: "λ",
  mu: "μ",
  nu: "ν",
  pi: "π",
  rho: "ρ",
  sigma: "σ",
  tau: "τ",
  phi: "ϕ",
  omega: "ω",
  Delta: "Δ",
  Sigma: "Σ",
  ell: "ℓ",
  infty: "∞",
  partial: "∂",
  top: "⊤",
};
export const operators: Readonly<Record<string, string>> = {
  cdot: "·",
  times: "×",
  le: "≤",
  leq: "≤",
  ge: "≥",
  geq: "≥",
  ne: "≠",
  in: "∈",
  notin: "∉",
  pm: "±",
  approx: "≈",
  cap: "∩",
  cup: "∪",
  ldots: "…",
};
export const fences: Readonly<Record<string, string>> = {
  "|": "‖",
  "{": "{",
  "}": "}",
};
export const large: Readonly<Record<string, string>> = {
  sum: "∑",
  prod: "∏",
};
export const functions = new Set(
  "log ln exp max min arg det tr sin cos tan tanh cosh sinh sup inf lim Pr clip sign softmax".split(
    " ",
  ),
);
export const limits = new Set(["max", "min", "sup", "inf", "lim", "sum", "prod", "bigcup"]);
export const spaces: Readonly<Record<string, number>> = {
  quad: 1,
  qquad: 2,
  ";": 0.28,
  ":": 0.22,
  ",": 0.17,
  " ": 0.25,
  "!": -0.17,
};
export const accents: Readonly<Record<string, string>> = {
  hat: "^",
};

/** The first capital and small letter of an alphabet, with the letters that Unicode put elsewhere. */
export const alphabets: Readonly<
  Record<string, readonly [number, number, Readonly<Record<string, string>>]>
> = {
  mathcal: [0x1d49c, 0x1d4b6, { B: "ℬ", E: "ℰ", F: "ℱ", H: "ℋ", I: "ℐ", L: "ℒ", M: "ℳ", R: "ℛ" }],
  mathbb: [0x1d538, 0x1d552, { C: "ℂ", H: "ℍ", N: "ℕ", P: "ℙ", Q: "ℚ", R: "ℝ", Z: "ℤ" }],
};
