// Cross-entropy, what a tile of ordinary numbers adds to the sums.

fn rocks(e: vec4f) -> vec4f {
  return select(vec4f(0.0), e, e > vec4f(DUST));
}

fn total(v: vec4f) -> f32 {
  return (v.x + v.y) + (v.z + v.w);
}

// Magnitudes as integers, in which NaN is the greatest. Minus infinity does no harm to a sum of exp.
fn heights(logit: vec4f) -> vec4u {
  let bits = bitcast<vec4u>(logit);
  let harmless = bits == vec4u(select(MINUS_INFINITY_BITS, 0u, MIXED));
  return select(bits & vec4u(0x7fffffffu), vec4u(0u), harmless);
}

// What few ask for.
fn extrasOfTile(row: Row, tile: u32, logit: Tile, base: f32, labelLogit: f32) -> Sums {
  let k = classesAt(row, 16u * tile);
  let ab = added(extrasOfQuad(row, k, logit.a, base, labelLogit),
    extrasOfQuad(row, k + QUAD_STEP, logit.b, base, labelLogit));
  let cd = added(extrasOfQuad(row, k + 2u * QUAD_STEP, logit.c, base, labelLogit),
    extrasOfQuad(row, k + 3u * QUAD_STEP, logit.d, base, labelLogit));
  return added(ab, cd);
}

fn extrasOfQuad(row: Row, k: vec4u, logit: vec4f, base: f32, labelLogit: f32) -> Sums {
  let x = unitsOf(row, logit);
  var extras = nothing();
  extras.base = base;
  if ((STATS & 4u) != 0u) {
    extras.heat = 0.5 * total(exponentials(row, x, base) * (base - x));
  }
  if (MIXED) {
    let q = coefficientsAt(row, k);
    extras.mix = total(q);
    extras.pull = 0.5 * total(q * (base - x));
  }
  if ((STATS & 8u) != 0u) {
    let ahead = select(logit > vec4f(labelLogit), logit >= vec4f(labelLogit), k < vec4u(row.label));
    extras.flags = select(0u, BEATEN, any(ahead));
  }
  return extras;
}
