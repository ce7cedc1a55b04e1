import type { ClassProblem, PairProblem, Work } from "../page/contract.js";
import { constant, FLOAT, INT64, model, node, value } from "./onnx.js";

/** Three ways to say cross-entropy in ONNX. */
export type Form = "Softmax" | "LogSoftmax" | "SoftmaxCrossEntropyLoss";

/** Labels as GatherElements wants them: an axis of one where the classes are. */
export function labelShape({ shape, inner }: ClassProblem): number[] {
  const axis = inner > 1 ? 1 : shape.length - 1;
  return shape.map((extent, at) => (at === axis ? 1 : extent));
}

/** Losses alone, or with the gradient written out by hand, since there is none to be had. */
export function classModel(problem: ClassProblem, work: Work, form: Form): Uint8Array {
  const axis = problem.inner > 1 ? 1 : problem.shape.length - 1;
  const labels = labelShape(problem);
  const inputs = [value("x", FLOAT, problem.shape), value("y", INT64, labels)];
  const outputs = [value("loss", FLOAT, [])];
  if (form === "SoftmaxCrossEntropyLoss") {
    const nodes = [
      node("Squeeze", ["y", "axis"], ["labels"]),
      node("SoftmaxCrossEntropyLoss", ["x", "labels"], ["loss"], {
        reduction: "mean",
        ignore_index: -100,
      }),
    ];
    const constants = [constant("axis", BigInt64Array.of(BigInt(axis)), [1])];
    return model({ nodes, constants, inputs, outputs });
  }
  const rows = problem.rows;
  const isLog = form === "LogSoftmax";
  const nodes = [
    node(form, ["x"], ["s"], { axis }),
    node("GatherElements", ["s", "y"], ["picked"], { axis }),
    ...(isLog ? [] : [node("Log", ["picked"], ["logs"])]),
    node("ReduceMean", [isLog ? "picked" : "logs"], ["mean"], { keepdims: 0 }),
    node("Neg", ["mean"], ["loss"]),
  ];
  const constants: (readonly number[])[] = [];
  if (work === "loss+gradient") {
    // p / rows everywhere, less 1 / rows at the label.
    if (isLog) nodes.push(node("Exp", ["s"], ["p"]));
    nodes.push(
      node("Mul", [isLog ? "p" : "s", "scale"], ["scaled"]),
      node("GatherElements", ["scaled", "y"], ["own"], { axis }),
      node("Sub", ["own", "scale"], ["less"]),
      node("ScatterElements", ["scaled", "y", "less"], ["gradient"], { axis }),
    );
    constants.push(constant("scale", Float32Array.of(1 / rows), [1]));
    outputs.push(value("gradient", FLOAT, problem.shape));
  }
  return model({ nodes, constants, inputs, outputs });
}

/** The CLIP loss, and its gradients written out by hand. */
export function pairModel(problem: PairProblem, work: Work): Uint8Array {
  const { rows: n, depth, temperature } = problem;
  const inputs = [value("a", FLOAT, [n, depth]), value("b", FLOAT, [n, depth])];
  const outputs = [value("loss", FLOAT, [])];
  const eye = new Float32Array(n * n);
  for (let i = 0; i < n; i++) eye[i * n + i] = 1;
  const nodes = [
    node("ReduceL2", ["a", "one"], ["na"], { keepdims: 1 }),
    node("ReduceL2", ["b", "one"], ["nb"], { keepdims: 1 }),
    node("Div", ["a", "na"], ["ua"]),
    node("Div", ["b", "nb"], ["ub"]),
    node("Transpose", ["ub"], ["ubT"], { perm: [1, 0] }),
    node("MatMul", ["ua", "ubT"], ["cos"]),
    node("Div", ["cos", "temperature"], ["s"]),
    node("LogSoftmax", ["s"], ["rowLog"], { axis: 1 }),
    node("LogSoftmax", ["s"], ["columnLog"], { axis: 0 }),
    node("Add", ["rowLog", "columnLog"], ["both"]),
    node("Mul", ["both", "eye"], ["diagonal"]),
    node("ReduceSum", ["diagonal"], ["sum"], { keepdims: 0 }),
    node("Mul", ["sum", "minusHalf"], ["loss"]),
  ];
  if (work === "loss+gradient") {
    nodes.push(
      node("Exp", ["rowLog"], ["rowP"]),
      node("Exp", ["columnLog"], ["columnP"]),
      node("Add", ["rowP", "columnP"], ["p"]),
      node("Sub", ["p", "eyes"], ["excess"]),
      node("Mul", ["excess", "chain"], ["g"]),
      node("MatMul", ["g", "ub"], ["gua"]),
      node("Transpose", ["g"], ["gT"], { perm: [1, 0] }),
      node("MatMul", ["gT", "ua"], ["gub"]),
    );
    for (const side of ["a", "b"]) {
      nodes.push(
        node("Mul", [`gu${side}`, `u${side}`], [`product${side}`]),
        node("ReduceSum", [`product${side}`, "one"], [`along${side}`], { keepdims: 1 }),
        node("Mul", [`u${side}`, `along${side}`], [`radial${side}`]),
        node("Sub", [`gu${side}`, `radial${side}`], [`across${side}`]),
        node("Div", [`across${side}`, `n${side}`], [`d${side}`]),
      );
      outputs.push(value(`d${side}`, FLOAT, [n, depth]));
    }
  }
  const constants = [
    constant("one", BigInt64Array.of(1n), [1]),
    constant("temperature", Float32Array.of(temperature), [1]),
    constant("minusHalf", Float32Array.of(-0.5 / n), []),
    constant("eye", eye, [n, n]),
    constant(
      "eyes",
      eye.map((x) => 2 * x),
      [n, n],
    ),
    constant("chain", Float32Array.of(1 / (2 * n * temperature)), [1]),
  ];
  return model({ nodes, constants, inputs, outputs });
}
