// Cross-entropy, four logits of f16 or bf16 in one load.

@group(0) @binding(11) var<storage, read> logitQuads: array<vec2u>;  // (rows, classes / 4), the bytes of logits

fn bitsOfQuad(at: u32) -> vec4u {
  let words = logitQuads[at];
  if (STORAGE == 1u) {
    return bitcast<vec4u>(vec4f(unpack2x16float(words.x), unpack2x16float(words.y)));
  }
  return vec4u(words.x << 16u, words.x & 0xffff0000u, words.y << 16u, words.y & 0xffff0000u);
}
