// Cross-entropy, index targets: q = (1 - labelSmoothing) w[label] on the label, and, when smoothed,
// labelSmoothing / classes * w[k] on every class. `own` is the first, `mix` the sum of the second.

@group(0) @binding(4) var<storage, read> classWeights: array<f32>;  // (classes)

const INDEXED: bool = true;
const MIXED: bool = SMOOTHED;

fn coefficientsAt(row: Row, k: vec4u) -> vec4f {
  var weights = vec4f(1.0);
  if (WEIGHTED) {
    let at = params.classWeightsStart + k;
    weights = vec4f(classWeights[at.x], classWeights[at.y], classWeights[at.z], classWeights[at.w]);
  }
  return weights;
}

fn coefficientAt(row: Row, k: u32) -> f32 {
  var weight = 1.0;
  if (WEIGHTED) {
    weight = classWeights[params.classWeightsStart + k];
  }
  return weight;
}

fn ownOf(row: Row) -> f32 {
  let sharp = select(1.0, 1.0 - params.labelSmoothing, SMOOTHED);
  return sharp * coefficientAt(row, row.label);
}

fn mixScale() -> f32 {
  return params.labelSmoothing / f32(params.classes);
}

fn mixOf(sums: Sums) -> f32 {
  var mix = select(0.0, params.labelSmoothing, SMOOTHED);
  if (WEIGHTED && SMOOTHED) {
    mix = mixScale() * totals[params.segments + 1u];
  }
  return mix;
}
