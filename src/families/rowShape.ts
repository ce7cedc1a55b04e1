import { fail } from "../errors.js";
import { expectLabels } from "../labels.js";
import type { Request } from "../request.js";
import { sizeOf } from "../tensor.js";
import { warnIfDistributions } from "../warn.js";

/** The sizes of a problem over rows: the last axis holds the classes, all others number the rows. */
export interface RowGeometry {
  readonly shape: readonly number[];
  readonly rows: number;
  readonly classes: number;
  readonly lossShape: readonly number[];
}

/** The shape of the scores; a flat array takes that of a tensor of its size, or one row for each label. */
function shapeOfRows(
  request: Request,
  name: string,
  partners: readonly string[],
  labels: string | undefined,
): readonly number[] {
  const { shape, size } = request.get(name);
  if (shape) return shape;
  for (const partner of partners) {
    const other = request.tensors[partner];
    if (other?.shape && other.size === size) return other.shape;
  }
  if (!labels) return [size];
  const given = request.get(labels);
  const rows = given.size;
  if (rows > 0 && size % rows === 0) return [...(given.shape ?? [rows]), size / rows];
  return fail(
    "SHAPE_MISMATCH",
    `${request.where(name)} has ${size} elements for ${rows} ${labels}; use tensor(${name}, [rows, classes])`,
  );
}

/** Checks the scores, the tensors of their shape (`partners`), the labels, and what belongs to each of the results. */
export function rowGeometry(
  request: Request,
  name: string,
  partners: readonly string[] = [],
  labels?: string,
  resultOf: "rows" | "classes" = "rows",
): RowGeometry {
  const shape = shapeOfRows(request, name, partners, labels);
  request.expectFloat(name);
  const classes = shape.at(-1);
  if (!classes) {
    fail("SHAPE_MISMATCH", `${request.where(name)} of shape [${shape}] has no classes`);
  }
  for (const partner of partners) request.expectShape(partner, shape, `like ${name}`);
  const lossShape = shape.slice(0, -1);
  const rows = sizeOf(lossShape);
  if (labels) {
    const given = request.get(labels);
    if (!given.fits(lossShape)) {
      const rule =
        given.shape && given.size === rows
          ? `has shape [${given.shape}], ${name} of shape [${shape}] want [${lossShape}]`
          : `has ${given.size} labels, ${name} has ${rows} rows`;
      fail("SHAPE_MISMATCH", `${request.where(labels)} ${rule}`);
    }
    expectLabels(request, labels, classes);
  }
  request.expectCommon(resultOf === "rows" ? lossShape : shape);
  warnIfDistributions(request, name, classes);
  return { shape, rows, classes, lossShape };
}

/** Numbers, words and flags of a call by option name, as the hooks read them. */
export const settingsOf = (
  request: Request,
): Readonly<Record<string, number | string | boolean>> => ({
  ...request.choices,
  ...request.numbers,
});
