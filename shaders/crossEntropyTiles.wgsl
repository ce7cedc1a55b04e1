// Cross-entropy, the fast part of the first pass. SwiftShader runs both sides of every `if`, and the body
// of every loop at least once, be it for no lane: what is rare stands outside of the loop over tiles.

const BLOCK: u32 = 64u;  // tiles summed apart: one running f32 sum drifts by 5e-4 at 262 144
// A tile's sum beyond this has some logit far above the base, which then follows. In steps of 8 nats
// the exponents are so rounded that a gradient is off by 2.4e-7: this is 3 nats.
const LIMIT: f32 = 20.0;
const EXTRAS: bool = MIXED || (STATS & 12u) != 0u;

// The tile in which this lane meets the label.
fn labelTile(row: Row) -> u32 {
  let home = tileOfClass(row, row.label);
  return select(NONE, home.x, INDEXED && home.y == row.lane);
}

fn scanTiles(row: Row, before: Sums, begin: u32, tiles: u32, labelBits: u32) -> Sums {
  let home = labelTile(row);
  let start = firstTile(row);
  var sums = before;
  var top = 0u;
  var tile = begin;
  // Short blocks first: it is among the first tiles that the base is most often too low.
  for (var block = 4u; tile < tiles; block = min(2u * block, BLOCK)) {
    let end = min(tile + block, tiles);
    let base = sums.base;
    var part = nothing();
    var excess = 0.0;
    while ((tile < end) & (excess == 0.0)) {
      let logit = tileAt(start + tile * tileStep());
      if (BITWISE || SOFTCAPPED) {
        let height = max(max(heights(logit.a), heights(logit.b)), max(heights(logit.c), heights(logit.d)));
        top = max(max(top, max(height.x, height.y)), max(height.z, height.w));
      }
      let a = exponentials(row, unitsOf(row, logit.a), base);
      let b = exponentials(row, unitsOf(row, logit.b), base);
      let c = exponentials(row, unitsOf(row, logit.c), base);
      let d = exponentials(row, unitsOf(row, logit.d), base);
      let ab = a + b;
      let cd = c + d;
      let sum = total(rocks(ab) + rocks(cd));
      let dust = total((ab - rocks(ab)) + (cd - rocks(cd)));
      let counts = tile != home;
      let above = counts & (sum > LIMIT) & isFinite(sum);
      let share = counts & !above;
      excess = select(0.0, sum, above);
      part.rest += select(0.0, sum, share);
      part.dust += select(0.0, dust, share);
      if (EXTRAS) {
        if (share) {
          part = added(part, extrasOfTile(row, tile, logit, base, bitcast<f32>(labelBits)));
        }
      }
      tile += select(1u, 0u, above);
    }
    sums = added(sums, part);
    // The tile that is too high for the base comes again. Three bits more, so that few others will.
    if (excess > 0.0) {
      sums = rebased(row, sums, base + (log2(excess) + 3.0) / row.scale);
    }
  }
  sums.flags |= select(0u, CAREFUL, top >= carefulBits(row));
  return sums;
}

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
  let ab = added(extrasOfQuad(row, 4u * tile, logit.a, base, labelLogit),
    extrasOfQuad(row, 4u * tile + 1u, logit.b, base, labelLogit));
  let cd = added(extrasOfQuad(row, 4u * tile + 2u, logit.c, base, labelLogit),
    extrasOfQuad(row, 4u * tile + 3u, logit.d, base, labelLogit));
  return added(ab, cd);
}

fn extrasOfQuad(row: Row, quad: u32, logit: vec4f, base: f32, labelLogit: f32) -> Sums {
  let x = unitsOf(row, logit);
  var extras = nothing();
  extras.base = base;
  if ((STATS & 4u) != 0u) {
    extras.heat = 0.5 * total(exponentials(row, x, base) * (base - x));
  }
  if (MIXED) {
    let q = coefficientsAt(row, classesAt(row, quad));
    extras.mix = total(q);
    extras.pull = 0.5 * total(q * (base - x));
  }
  if ((STATS & 8u) != 0u) {
    let earlier = classesAt(row, quad) < vec4u(row.label);
    let ahead = select(logit > vec4f(labelLogit), logit >= vec4f(labelLogit), earlier);
    extras.flags = select(0u, BEATEN, any(ahead));
  }
  return extras;
}
