/** What went wrong, as a word that code can branch on. */
export type LossErrorCode =
  | "SHAPE_MISMATCH"
  | "DTYPE"
  | "OPTION"
  | "TARGET_OUT_OF_RANGE"
  | "LIMIT_EXCEEDED"
  | "DEVICE_LOST"
  | "OUT_OF_MEMORY"
  | "UNSUPPORTED"
  | "COMPILE"
  | "DISPOSED";

/** The one error class: a `code` for programs and a sentence that names loss, argument, expected and got for people. */
export class LossError extends Error {
  override readonly name = "LossError";
  readonly code: LossErrorCode;
  constructor(code: LossErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** Throws a `LossError`; an expression, so that it can stand behind `??`. */
export function fail(code: LossErrorCode, message: string, cause?: unknown): never {
  throw new LossError(code, message, cause);
}

/** Any value as a few words for an error message, never its whole content. */
export function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 40));
  if (value === null || typeof value !== "object") {
    return typeof value === "function" ? "a function" : String(value);
  }
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (ArrayBuffer.isView(value)) {
    return `${value.constructor.name}(${(value as { length?: number }).length ?? value.byteLength})`;
  }
  return value.constructor?.name ?? "an object";
}
