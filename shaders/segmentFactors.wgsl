// Losses in segments: what a loss counts.

@group(0) @binding(2) var<storage, read> mask: array<u32>;  // (losses)
@group(0) @binding(3) var<storage, read> weights: array<f32>;  // (losses)

fn weightAt(place: u32) -> f32 {
  if (WEIGHTED) {
    return weights[params.weightsStart + place];
  }
  return 1.0;
}
