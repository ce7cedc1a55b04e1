import type { Backend } from "../../index.js";
import { bytes, whole } from "../parts/format.js";

export type Work = "loss" | "loss+gradient";

/** A vocabulary that people have. */
export interface Preset {
  readonly id: string;
  readonly name: string;
  readonly classes: number;
}

export const presets: readonly Preset[] = [
  { id: "gpt2", name: "GPT-2", classes: 50257 },
  { id: "llama3", name: "Llama 3", classes: 128256 },
  { id: "qwen", name: "Qwen", classes: 151936 },
  { id: "gemma", name: "Gemma", classes: 262144 },
  { id: "imagenet", name: "ImageNet", classes: 1000 },
];

export const tokenCounts = [8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096] as const;

/** What a run takes, and why it may not begin. */
export interface Need {
  readonly elements: number;
  /** On the GPU at once: logits, and the gradient or a copy for the runs in place. */
  readonly device: number;
  /** In the tab: logits, and the gradient of the plain loop. */
  readonly host: number;
  readonly refusal: string | undefined;
  /** Why the unfused pipeline sits out although the library runs. */
  readonly unfused: string | undefined;
}

/** What a tab may take of the machine's memory. */
function hostLimit(): number {
  const known = globalThis.navigator as { deviceMemory?: number } | undefined;
  return Math.min((known?.deviceMemory ?? 8) * 2 ** 28, 2 ** 31);
}

/** Beyond this a software adapter, or one thread, would keep the visitor waiting for minutes. */
const SLOW_ELEMENTS = { software: 2 ** 25, cpu: 2 ** 23 };

function refusalOf(backend: Backend, elements: number, host: number): string | undefined {
  const logits = 4 * elements;
  const { maxBufferSize } = backend.limits;
  if (backend.kind === "cpu" && elements > SLOW_ELEMENTS.cpu) {
    return `${whole(elements)} logits would take too long on the CPU alone; take fewer tokens.`;
  }
  if (backend.info.software && backend.kind === "webgpu" && elements > SLOW_ELEMENTS.software) {
    return `${whole(elements)} logits would take minutes on a software adapter; take fewer tokens.`;
  }
  if (maxBufferSize !== undefined && logits > maxBufferSize) {
    return `The logits take ${bytes(logits)}; one buffer may have ${bytes(maxBufferSize)} on this device.`;
  }
  if (host > hostLimit()) {
    return `The tab would need ${bytes(host)} of memory; ${bytes(hostLimit())} is what this machine can spare.`;
  }
  return undefined;
}

/** Looks ahead, so that nothing fails half way. */
export function needOf(backend: Backend, rows: number, classes: number, work: Work): Need {
  const elements = rows * classes;
  const copies = work === "loss" ? 1 : 2;
  const host = 4 * elements * copies;
  const binding = backend.limits.maxStorageBufferBindingSize ?? 0;
  return {
    elements,
    device: backend.kind === "cpu" ? 0 : 4 * elements * copies,
    host,
    refusal: refusalOf(backend, elements, host),
    unfused:
      backend.kind === "webgpu" && 4 * elements > binding
        ? `The unfused pipeline needs all logits in one binding (${bytes(binding)} here); webgpu-loss slices them.`
        : undefined,
  };
}
