/** What is computed: losses alone, or losses with the gradient of the logits. */
export type Work = "loss" | "loss+gradient";
export type Storage = "f32" | "f16" | "bf16";

/** Rows of logits with a class number each; the mean over the rows that count is the loss. */
export interface ClassProblem {
  readonly kind: "classes";
  readonly name: string;
  readonly rows: number;
  readonly classes: number;
  /** Elements between two classes of one row: 1, or the pixels of an image. */
  readonly inner: number;
  readonly shape: readonly number[];
  readonly logits: Float32Array<ArrayBuffer>;
  /** -100 where a row is ignored. */
  readonly labels: Int32Array<ArrayBuffer>;
}

/** Two batches of embeddings, row i of one belonging to row i of the other: the CLIP loss. */
export interface PairProblem {
  readonly kind: "pairs";
  readonly name: string;
  readonly rows: number;
  readonly depth: number;
  readonly temperature: number;
  readonly left: Float32Array<ArrayBuffer>;
  readonly right: Float32Array<ArrayBuffer>;
}

export type Problem = ClassProblem | PairProblem;

/** One prepared computation. Its inputs lie where the contender wants them, so that only the work is timed. */
export interface Job {
  /** Runs once; the loss as a number is there when, and only when, all the work is done. */
  run(): Promise<number>;
  /** Untimed, before each run: an in-place contender gets its logits back. */
  reset?(): Promise<void>;
  /** The gradients of the last run, in the order of the inputs. */
  gradients?(): Promise<readonly ArrayLike<number>[]>;
  /** GPU bytes in use after a run, inputs included, where the contender keeps books of its own. */
  gpuBytes?(): number;
  /** One more run, in milliseconds of the GPU's own clock. */
  gpuTime?(): Promise<number>;
  free(): void;
}

export type Kind = "webgpu" | "wasm" | "js";

export interface Contender {
  readonly name: string;
  readonly kind: Kind;
  readonly group: "ours" | "limit" | "rival";
  readonly storage: Storage;
  /** Bytes that the work must move at least, per logit. */
  readonly bytesPerLogit: Readonly<Record<Work, number>>;
  /** Opened anew for each shape, so that a pool filled by one does not hide what the next takes. */
  readonly perShape?: true;
  /** A fresh start: pipelines are compiled anew, so that the first call tells what it costs. */
  open(): Promise<Opened>;
}

export interface Opened {
  /** Undefined where the contender has no such work. */
  prepare(problem: Problem, work: Work): Promise<Job | undefined>;
  close(): void;
}

/** A row of the results, as the file holds it. */
export interface Row {
  readonly shape: string;
  readonly work: Work;
  readonly contender: string;
  readonly kind: Kind;
  readonly storage: Storage;
  readonly medianMs: number;
  readonly minMs: number;
  readonly p10Ms: number;
  readonly p90Ms: number;
  readonly samples: number;
  /** The first call, compilation included. */
  readonly firstMs: number;
  readonly gpuMs?: number;
  readonly elements: number;
  readonly tokens: number;
  readonly bytes: number;
  readonly peakGpuBytes?: number;
  readonly lossError: number;
  readonly gradientError?: number;
}

/** A contender that gave another number, or none: shown, not timed. */
export interface Failure {
  readonly shape: string;
  readonly work: Work;
  readonly contender: string;
  readonly why: string;
}
