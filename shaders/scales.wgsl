// What similarities are multiplied by and what is added, from a number or a tensor: score = scale s + bias.
// Behind them lies what a slope by the scale becomes as one by the option that it comes from.

@group(0) @binding(1) var<storage, read> scale: array<f32>;  // (1)
@group(0) @binding(2) var<storage, read> bias: array<f32>;  // (1)
@group(0) @binding(3) var<storage, read_write> scales: array<f32>;  // (3) scale, bias, chain

@compute @workgroup_size(1)
fn main() {
  var given = params.scale;
  if (SCALE_TENSOR) {
    given = scale[params.scaleStart];
  }
  var shift = params.bias;
  if (BIAS_TENSOR) {
    shift = bias[params.biasStart];
  }
  var factor = given;
  var chain = 1.0;
  if (RULE == 1u) {
    factor = 1.0 / given;
    chain = -factor * factor;
  }
  if (RULE == 2u) {
    let e = expSafe(-abs(given));
    factor = select(e, 1.0 / e, given > 0.0);
    chain = factor;
  }
  scales[0] = factor;
  scales[1] = shift;
  scales[2] = chain;
}
