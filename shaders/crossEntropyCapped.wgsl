// Cross-entropy with a soft cap. Logits are compared in units: the capped ones.

fn unitOf(row: Row, logit: f32) -> f32 {
  return params.softcap * tanhSafe(logit / (row.temperature * params.softcap));
}

fn unitsOf(row: Row, logit: vec4f) -> vec4f {
  return vec4f(unitOf(row, logit.x), unitOf(row, logit.y), unitOf(row, logit.z),
    unitOf(row, logit.w));
}

// How much of a logit's movement the soft cap lets through.
fn slackOf(unit: vec4f) -> vec4f {
  let t = unit / params.softcap;
  return (1.0 - t) * (1.0 + t);
}

// `lost` means minus infinity, of which the cap makes an ordinary number.
struct Element { unit: f32, flags: u32, lost: bool }

fn elementOfBits(row: Row, bits: u32) -> Element {
  let magnitude = bits & 0x7fffffffu;
  let huge = magnitude >= carefulBits(row);
  let unit = unitOf(row, bitcast<f32>(select(bits, 0u, huge)));
  let end = select(params.softcap, -params.softcap, bits >= 0x80000000u);
  let nan = select(0u, SAW_NAN, magnitude > INFINITY_BITS);
  return Element(select(unit, end, huge), nan, false);
}
