import { fail } from "../errors.js";
import type { Request } from "../request.js";

/** How two vectors are compared. */
export type Metric = "cosine" | "dot" | "euclidean" | "squared";

/** Where the positives of a row are: at its own number, where `targets` says, in the other view, or by equal labels. */
export type Positives = "diagonal" | "index" | "otherView" | "sameLabel";

/** The number that similarities are multiplied by: 1 / temperature, exp(logitScale), scale, or a constant. */
export type ScaleRule = "temperature" | "logitScale" | "scale" | number;

/** Which vectors a loss compares, and which of the comparisons count. */
export interface Arrangement {
  /** Inputs whose rows, one set below the other, are the rows of the matrix. */
  readonly left: readonly string[];
  /** The same for its columns; the same names where a set is compared with itself. */
  readonly right: readonly string[];
  readonly metric: Metric;
  readonly scale: ScaleRule;
  /** What is added to scale × similarity: the option `bias`, or a constant. */
  readonly bias: "bias" | number;
  readonly positives: Positives;
  /** A row is not compared with itself. */
  readonly skipSelf: boolean;
  /** Positives do not enter the softmax. */
  readonly skipPositive: boolean;
  /** Loss i is the mean of the losses of row i and of column i. */
  readonly symmetric: boolean;
}

/** One input's place among the rows or columns of the matrix. */
export interface Part {
  readonly name: string;
  readonly first: number;
  readonly rows: number;
}

/** The sizes of a batch of similarities. */
export interface Geometry {
  readonly arrangement: Arrangement;
  readonly left: readonly Part[];
  readonly right: readonly Part[];
  /** Rows and columns are the same vectors. */
  readonly shared: boolean;
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  readonly lossShape: readonly number[];
}

/** The shape (rows, depth) of a set of vectors; a flat array has none. */
function vectorsShape(request: Request, name: string): readonly [number, number] {
  request.expectFloat(name);
  const { shape, size } = request.get(name);
  if (shape?.length === 2) return shape as readonly [number, number];
  const got = shape ? `shape [${shape}]` : `${size} elements`;
  return fail(
    "SHAPE_MISMATCH",
    `${request.where(name)} has ${got}, expected [rows, depth]; use tensor(${name}, [rows, depth])`,
  );
}

function stack(request: Request, names: readonly string[], depth: number): Part[] {
  let first = 0;
  return names.map((name) => {
    const [rows, own] = vectorsShape(request, name);
    if (own !== depth) {
      const shape = request.get(name).shape;
      fail(
        "SHAPE_MISMATCH",
        `${request.where(name)} has shape [${shape}], expected [${rows},${depth}]: vectors of one depth`,
      );
    }
    const part = { name, first, rows };
    first += rows;
    return part;
  });
}

const rowsOf = (parts: readonly Part[]): number => parts.reduce((sum, { rows }) => sum + rows, 0);

/** Compares the shapes of all vectors, and derives the sizes of the matrix. */
export function arrange(request: Request, arrangement: Arrangement): Geometry {
  const { left, right, positives } = arrangement;
  const depth = vectorsShape(request, left[0] as string)[1];
  const leftParts = stack(request, left, depth);
  const shared = left.join() === right.join();
  const rightParts = shared ? leftParts : stack(request, right, depth);
  const rows = rowsOf(leftParts);
  const columns = rowsOf(rightParts);
  const [first, second] = leftParts;
  if (positives === "otherView" && first && second && first.rows !== second.rows) {
    fail(
      "SHAPE_MISMATCH",
      `${request.where(second.name)} has ${second.rows} rows, ${first.name} has ${first.rows}: views come in pairs`,
    );
  }
  const candidates = rightParts[0]?.rows ?? 0;
  const { symmetric } = arrangement;
  if (positives === "diagonal" && (symmetric ? candidates !== rows : candidates < rows)) {
    const wanted = symmetric ? `${rows}` : `at least ${rows}`;
    fail(
      "SHAPE_MISMATCH",
      `${request.where(right[0] as string)} has ${candidates} rows, expected ${wanted}: row i belongs to ${left[0]} i`,
    );
  }
  const lossShape = [rows];
  request.expectCommon(lossShape);
  for (const name of ["temperature", "logitScale", "scale", "bias"]) {
    if (!(name in request.spec.options)) continue;
    request.expectShape(name, [], "(one number)");
    request.expectFloat(name);
  }
  return {
    arrangement,
    left: leftParts,
    right: rightParts,
    shared,
    rows,
    columns,
    depth,
    lossShape,
  };
}
