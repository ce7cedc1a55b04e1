// Cross-entropy without a soft cap. Logits are compared in units: the raw ones, whose temperature then costs
// nothing, because exp((x - base) / temperature) = exp2((x - base) * scale).

fn unitsOf(row: Row, logit: vec4f) -> vec4f {
  return logit;
}

// How much of a logit's movement the soft cap lets through.
fn slackOf(unit: vec4f) -> vec4f {
  return vec4f(1.0);
}

// `lost` means minus infinity: probability exactly 0.
struct Element { unit: f32, flags: u32, lost: bool }

fn elementOfBits(row: Row, bits: u32) -> Element {
  let magnitude = bits & 0x7fffffffu;
  let unit = bitcast<f32>(select(0u, bits, magnitude < INFINITY_BITS));
  let isLost = bits == MINUS_INFINITY_BITS;
  let infinite = select(0u, HAS_INFINITY, bits == INFINITY_BITS);
  return Element(unit, select(infinite, SAW_NAN, magnitude > INFINITY_BITS), isLost);
}
