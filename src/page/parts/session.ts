import { type Backend, LossError, openBackend } from "../../index.js";
import { type Diagnosis, diagnose, symptoms } from "./diagnose.js";

/** Where this page computes, and what it compares with. */
export interface Session {
  /** The visitor's GPU, or the CPU where there is none. */
  readonly backend: Backend;
  /** float64 on the CPU. */
  readonly reference: Backend;
  /** Why there is no GPU. */
  readonly diagnosis: Diagnosis | undefined;
}
/** What happened to the device, for a notice. */
export interface Loss {
  readonly message: string;
  readonly recovered: boolean;
}
export type Wish = "auto" | "cpu";

const listeners = new Set<(session: Session) => void>();
const lossListeners = new Set<(loss: Loss) => void>();
let current: Promise<Session> | undefined;
let wish: Wish = "auto";
let losses = 0;

async function open(): Promise<Session> {
  const reference = await openBackend({ kind: "cpu" });
  if (wish === "cpu") return { backend: reference, reference, diagnosis: undefined };
  try {
    const backend = await openBackend({ kind: "webgpu" });
    const session = { backend, reference, diagnosis: undefined };
    void backend.lost.then(({ reason, message }) => replace(session, message || reason));
    return session;
  } catch (error) {
    if (!(error instanceof LossError)) throw error;
    return { backend: reference, reference, diagnosis: diagnose(await symptoms()) };
  }
}

/** A device was lost: opens another one, or goes on on the CPU where that fails again and again. */
async function replace(gone: Session, message: string): Promise<void> {
  if ((await current) !== gone) return;
  losses += 1;
  // A driver that keeps resetting must not be hammered.
  if (losses > 3) wish = "cpu";
  current = open();
  const next = await current;
  for (const listener of lossListeners) {
    listener({ message, recovered: next.backend.kind === "webgpu" });
  }
  for (const listener of listeners) listener(next);
}

/** The open session; the first call opens it. */
export function session(): Promise<Session> {
  current ??= open();
  return current;
}

/** Switches between the GPU and the CPU. */
export async function choose(next: Wish): Promise<void> {
  const before = await session();
  wish = next;
  current = open();
  const after = await current;
  if (before.backend !== before.reference) before.backend.destroy();
  for (const listener of listeners) listener(after);
}

export const wished = (): Wish => wish;

/** Calls back with each new session. Returns how to stop. */
export function onSession(listener: (session: Session) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function onLoss(listener: (loss: Loss) => void): void {
  lossListeners.add(listener);
}
