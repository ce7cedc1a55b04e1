import type { ClassProblem, PairProblem, Problem } from "./contract.js";
import { Random } from "./random.js";

/** A shape that people have. */
export type Case =
  | { readonly id: string; readonly name: string; readonly rows: number; readonly classes: number }
  | {
      readonly id: string;
      readonly name: string;
      readonly images: number;
      readonly classes: number;
      readonly side: number;
    }
  | { readonly id: string; readonly name: string; readonly pairs: number; readonly depth: number };

export const cases: readonly Case[] = [
  { id: "gpt2", name: "GPT-2", rows: 8 * 512, classes: 50257 },
  { id: "llama3", name: "Llama 3", rows: 4 * 512, classes: 128256 },
  { id: "qwen", name: "Qwen", rows: 2 * 512, classes: 151936 },
  { id: "gemma", name: "Gemma", rows: 256, classes: 262144 },
  { id: "imagenet", name: "ImageNet", rows: 65536, classes: 1000 },
  { id: "digits", name: "digits", rows: 4096, classes: 10 },
  { id: "segmentation", name: "segmentation", images: 2, classes: 21, side: 512 },
  { id: "clip", name: "CLIP", pairs: 1024, depth: 512 },
  { id: "clip-large", name: "CLIP large", pairs: 8192, depth: 256 },
];

/** Fewer than `limit`, with three leading binary digits: 83 becomes 80. */
function roundDown(limit: number): number {
  const step = 2 ** Math.max(Math.floor(Math.log2(limit)) - 2, 0);
  return Math.max(Math.floor(limit / step) * step, 1);
}

/** The problem of a shape, scaled down to about `elements` logits. */
export function problemOf(shape: Case, elements: number): Problem {
  const random = new Random(0x5eed);
  if ("pairs" in shape) return pairs(shape, elements, random);
  if ("images" in shape) {
    const { images, classes } = shape;
    const limit = roundDown(Math.sqrt(elements / (images * classes)));
    const side = Math.min(shape.side, limit);
    const dims = [images, classes, side, side];
    const name = `${shape.name} ${dims.join("×")}`;
    return classProblem(name, dims, images * side * side, classes, side * side, random);
  }
  const rows = Math.min(shape.rows, roundDown(elements / shape.classes));
  const dims = [rows, shape.classes];
  return classProblem(`${shape.name} ${dims.join("×")}`, dims, rows, shape.classes, 1, random);
}

export function classProblem(
  name: string,
  shape: readonly number[],
  rows: number,
  classes: number,
  inner: number,
  random: Random,
): ClassProblem {
  const logits = random.normals(rows * classes, 3);
  const labels = Int32Array.from({ length: rows }, () => random.below(classes));
  return { kind: "classes", name, rows, classes, inner, shape, logits, labels };
}

// A product of n × n × depth takes 32 multiplications in about the time of one logit's exp.
function pairs(
  { name, pairs: full, depth }: { name: string; pairs: number; depth: number },
  elements: number,
  random: Random,
): PairProblem {
  const rows = Math.min(full, roundDown(Math.sqrt((elements * 32) / depth)));
  const left = random.normals(rows * depth, 1);
  const right = random.normals(rows * depth, 1);
  // Pairs are alike, as after some training: else the loss is log n for everyone.
  for (let at = 0; at < right.length; at++) {
    right[at] = 0.5 * (right[at] as number) + 0.5 * (left[at] as number);
  }
  return {
    kind: "pairs",
    name: `${name} ${rows}×${rows}×${depth}`,
    rows,
    depth,
    temperature: 0.07,
    left,
    right,
  };
}
