// The results as text: a table for each shape and work.

const units = (value, steps) => {
  const [size, unit] = steps.find(([least]) => value >= least) ?? steps.at(-1);
  return `${Number((value / size).toPrecision(3))} ${unit}`;
};
export const bytes = (n) =>
  units(n, [
    [2 ** 30, "GiB"],
    [2 ** 20, "MiB"],
    [2 ** 10, "KiB"],
    [1, "B"],
  ]);
export const ms = (n) => (n >= 100 ? n.toFixed(0) : n >= 10 ? n.toFixed(1) : n.toFixed(2));
export const ratio = (n) => (Number.isFinite(n) ? (n >= 10 ? n.toFixed(0) : n.toFixed(2)) : "");

/** Columns as wide as their widest cell; words to the left, and from the column `numbers` on to the right. */
export function align(rows, numbers = 1) {
  const widths = rows[0].map((_, at) => Math.max(...rows.map((row) => row[at].length)));
  return rows.map((row) =>
    row
      .map((cell, at) => (at < numbers ? cell.padEnd(widths[at]) : cell.padStart(widths[at])))
      .join("  ")
      .trimEnd(),
  );
}

export const groupsOf = (rows) => {
  const groups = new Map();
  for (const row of rows) {
    const key = `${row.shape}, ${row.work}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return groups;
};

/** What the adapter needs at least: a read with exp for the loss, and one with a write for the gradient. */
export function limitOf(group, key = "medianMs") {
  const find = (name) => group.find(({ contender }) => contender === name)?.[key] ?? Number.NaN;
  const sum = find("limit exp-and-sum");
  return group[0].work === "loss" ? sum : sum + find("limit exp-and-write");
}

export const isOurs = ({ contender }) => contender.startsWith("webgpu-loss");
export const isLimit = ({ contender }) => contender.startsWith("limit");

/** Our fastest on the GPU with float32 logits: what the rivals, who have no other, are compared with. */
export const oursOf = (group) =>
  group
    .filter((row) => isOurs(row) && row.kind === "webgpu" && row.storage === "f32")
    .sort((a, b) => a.medianMs - b.medianMs)[0];

const header = [
  "contender",
  "median ms",
  "p10-p90",
  "Melem/s",
  "GB/s",
  "× copy",
  "× read",
  "× exp limit",
  "ours ÷ it",
  "us/token",
  "GPU ms",
  "first ms",
  "GPU memory",
  "loss error",
  "gradient error",
];

export function tableOf(group) {
  const find = (name) => group.find(({ contender }) => contender === name)?.medianMs ?? Number.NaN;
  const best = oursOf(group);
  const lines = [...group]
    .sort((a, b) => a.medianMs - b.medianMs)
    .map((row) => [
      row.contender,
      ms(row.medianMs),
      `${ms(row.p10Ms)}-${ms(row.p90Ms)}`,
      (row.elements / row.medianMs / 1000).toFixed(0),
      (row.bytes / row.medianMs / 1e6).toFixed(2),
      ratio(row.medianMs / find("limit copy")),
      ratio(row.medianMs / find("limit read-and-sum")),
      isLimit(row) ? "" : ratio(row.medianMs / limitOf(group)),
      isLimit(row) || isOurs(row) || !best ? "" : ratio(best.medianMs / row.medianMs),
      ((row.medianMs * 1000) / row.tokens).toFixed(2),
      row.gpuMs === undefined ? "" : ms(row.gpuMs),
      isLimit(row) ? "" : row.firstMs.toFixed(0),
      row.peakGpuBytes === undefined ? "" : bytes(row.peakGpuBytes),
      isLimit(row) ? "" : row.lossError.toExponential(0),
      row.gradientError === undefined ? "" : row.gradientError.toExponential(0),
    ]);
  return align([header, ...lines]);
}

/** Corners as columns, contenders as rows. */
export function cornerTable(corners) {
  const names = [...new Set(corners.map(({ corner }) => corner))];
  const contenders = [...new Set(corners.map(({ contender }) => contender))];
  const cell = (contender, corner) =>
    corners.find((c) => c.contender === contender && c.corner === corner)?.verdict ?? "";
  return align(
    [
      ["contender", ...names],
      ...contenders.map((contender) => [contender, ...names.map((name) => cell(contender, name))]),
    ],
    99,
  );
}
