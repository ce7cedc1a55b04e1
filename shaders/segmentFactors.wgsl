// Losses in segments: what a loss counts.

@group(0) @binding(2) var<storage, read> mask: array<u32>;  // (losses)
@group(0) @binding(3) var<storage, read> weights: array<f32>;  // (losses)

fn maskAt(place: u32) -> f32 {
  if (MASKED == 1u) {
    return bitcast<f32>(mask[params.maskStart + place]);
  }
  if (MASKED == 2u) {
    return f32(mask[params.maskStart + place]);
  }
  return 1.0;
}

fn weightAt(place: u32) -> f32 {
  if (WEIGHTED) {
    return weights[params.weightsStart + place];
  }
  return 1.0;
}
