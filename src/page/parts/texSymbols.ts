// The commands of LaTeX that the formulas use, and what MathML shows for them.

export const identifiers: Readonly<Record<string, string>> = {
  alpha: "α",
  beta: "β",
  gamma: "γ",
  delta: "δ",
  epsilon: "ϵ",
  theta: "θ",
  lambda: "λ",
  mu: "μ",
  pi: "π",
  rho: "ρ",
  sigma: "σ",
  tau: "τ",
  ell: "ℓ",
  top: "⊤",
};
export const operators: Readonly<Record<string, string>> = {
  cdot: "·",
  le: "≤",
  ge: "≥",
  ne: "≠",
  in: "∈",
  notin: "∉",
  pm: "±",
  cap: "∩",
  cup: "∪",
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
export const functions = new Set(["log", "max", "min", "det", "cos", "cosh"]);
export const limits = new Set(["max", "min", "sum", "prod"]);
export const spaces: Readonly<Record<string, number>> = {
  quad: 1,
  ";": 0.28,
  ",": 0.17,
  "!": -0.17,
};
