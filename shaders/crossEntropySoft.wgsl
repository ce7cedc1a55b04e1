// Cross-entropy, probability targets: q = ((1 - labelSmoothing) t + labelSmoothing / classes) w on
// every class, nothing of its own on a label. Targets lie like the logits, in a dtype of their own.

@group(0) @binding(4) var<storage, read> classWeights: array<f32>;  // (classes)
@group(0) @binding(9) var<storage, read> targets: array<u32>;  // (rows, classes) raw bits

const INDEXED: bool = false;
const MIXED: bool = true;

fn probabilityAt(row: Row, k: u32) -> f32 {
  let element = params.targetsStart + elementOf(row, k) - params.logitsStart;
  if (TARGETS_STORAGE == 0u) {
    return bitcast<f32>(targets[element]);
  }
  let half = (targets[element / 2u] >> (element % 2u * 16u)) & 0xffffu;
  return bitcast<f32>(select(bf16ToBits(half), f16ToBits(half), TARGETS_STORAGE == 1u));
}

fn coefficientAt(row: Row, k: u32) -> f32 {
  let spread = params.labelSmoothing / f32(params.classes);
  let q = (1.0 - params.labelSmoothing) * probabilityAt(row, k) + spread;
  if (WEIGHTED) {
    return q * classWeights[params.classWeightsStart + k];
  }
  return q;
}

fn coefficientsAt(row: Row, k: vec4u) -> vec4f {
  return vec4f(coefficientAt(row, k.x), coefficientAt(row, k.y), coefficientAt(row, k.z),
    coefficientAt(row, k.w));
}

fn ownOf(row: Row) -> f32 {
  return 0.0;
}

fn mixScale() -> f32 {
  return 1.0;
}

fn mixOf(sums: Sums) -> f32 {
  return sums.mix;
}
