// ONNX models as bytes: protobuf is fields of (number, kind, content), and a model needs few of them.

type Bytes = readonly number[];

const varint = (value: number): Bytes => {
  const out: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    const low = Number(rest & 127n);
    rest >>= 7n;
    out.push(rest > 0n ? low | 128 : low);
  } while (rest > 0n);
  return out;
};
const number = (field: number, value: number): Bytes => [...varint(field << 3), ...varint(value)];
const message = (field: number, content: Bytes): Bytes => [
  ...varint((field << 3) | 2),
  ...varint(content.length),
  ...content,
];
const text = (field: number, value: string): Bytes =>
  message(field, [...new TextEncoder().encode(value)]);

export const FLOAT = 1;
export const INT64 = 7;

/** A whole number, several, or a word. */
export type Attribute = number | readonly number[] | string;

function attribute(name: string, value: Attribute): Bytes {
  if (typeof value === "number") return [...text(1, name), ...number(3, value), ...number(20, 2)];
  if (typeof value === "string") return [...text(1, name), ...text(4, value), ...number(20, 3)];
  return [...text(1, name), ...value.flatMap((v) => number(8, v)), ...number(20, 7)];
}

/** `node("Softmax", ["x"], ["p"], { axis: -1 })` */
export const node = (
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, Attribute>> = {},
): Bytes => [
  ...inputs.flatMap((name) => text(1, name)),
  ...outputs.flatMap((name) => text(2, name)),
  ...text(4, op),
  ...Object.entries(attributes).flatMap(([name, value]) => message(5, attribute(name, value))),
];

/** A named input or output; `shape` in whole numbers. */
export const value = (name: string, type: number, shape: readonly number[]): Bytes => {
  const dims = shape.flatMap((extent) => message(1, number(1, extent)));
  return [...text(1, name), ...message(2, message(1, [...number(1, type), ...message(2, dims)]))];
};

/** A constant. */
export const constant = (
  name: string,
  data: Float32Array | BigInt64Array,
  shape: readonly number[],
): Bytes => [
  ...shape.flatMap((extent) => number(1, extent)),
  ...number(2, data instanceof Float32Array ? FLOAT : INT64),
  ...text(8, name),
  ...message(9, [...new Uint8Array(data.buffer)]),
];

export function model(graph: {
  readonly nodes: readonly Bytes[];
  readonly constants?: readonly Bytes[];
  readonly inputs: readonly Bytes[];
  readonly outputs: readonly Bytes[];
}): Uint8Array {
  const content = [
    ...graph.nodes.flatMap((bytes) => message(1, bytes)),
    ...text(2, "loss"),
    ...(graph.constants ?? []).flatMap((bytes) => message(5, bytes)),
    ...graph.inputs.flatMap((bytes) => message(11, bytes)),
    ...graph.outputs.flatMap((bytes) => message(12, bytes)),
  ];
  const opset = message(8, [...text(1, ""), ...number(2, 18)]);
  return Uint8Array.from([...number(1, 8), ...opset, ...message(7, content)]);
}
