// Cross-entropy, four f32 logits in one load.

@group(0) @binding(11) var<storage, read> logitQuads: array<vec4u>;  // (rows, classes / 4), the bytes of logits

fn bitsOfQuad(at: u32) -> vec4u {
  return logitQuads[at];
}
