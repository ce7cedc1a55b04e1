// Cross-entropy, the fast part of the first pass. SwiftShader runs both sides of every `if`, but no loop
// that has no trips: rare work stands in loops. A `var` changed in one costs as much as an exp there,
// and so does a value kept for it: what is rare reads its logits again.

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

fn scanTiles(row: Row, before: Sums, tiles: u32, labelBits: u32) -> Sums {
  let home = labelTile(row);
  var sums = before;
  var top = 0u;
  for (var first = 0u; first < tiles; first += BLOCK) {
    let end = min(first + BLOCK, tiles);
    var part = nothing();
    part.base = sums.base;
    for (var tile = first; tile < end;) {
      let at = quadStart(row, 4u * tile);
      let a = quadAt(at);
      let b = quadAt(at + quadStep());
      let c = quadAt(at + 2u * quadStep());
      let d = quadAt(at + 3u * quadStep());
      if (BITWISE || SOFTCAPPED) {
        let height = max(max(heights(a), heights(b)), max(heights(c), heights(d)));
        top = max(max(top, max(height.x, height.y)), max(height.z, height.w));
      }
      let base = part.base;
      let ea = exponentials(row, unitsOf(row, a), base);
      let eb = exponentials(row, unitsOf(row, b), base);
      let ec = exponentials(row, unitsOf(row, c), base);
      let ed = exponentials(row, unitsOf(row, d), base);
      let sum = total((rocks(ea) + rocks(eb)) + (rocks(ec) + rocks(ed)));
      let dust = total((ea - rocks(ea) + (eb - rocks(eb))) + (ec - rocks(ec) + (ed - rocks(ed))));
      let counts = tile != home;
      for (var rare = counts && sum > LIMIT && isFinite(sum); rare; rare = false) {
        part = rebased(row, part, base + log2(sum) / row.scale);
      }
      // A tile that has raised the base comes again.
      let again = part.base > base;
      let share = counts && !again;
      part.rest += select(0.0, sum, share);
      part.dust += select(0.0, dust, share);
      if (EXTRAS) {
        for (var more = share; more; more = false) {
          part = added(part, extrasOfTile(row, tile, base, bitcast<f32>(labelBits)));
        }
      }
      tile += select(1u, 0u, again);
    }
    sums = added(rebased(row, sums, part.base), part);
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

// What few ask for is read a second time, out of the cache, so that the loop over tiles stays short.
fn extrasOfTile(row: Row, tile: u32, base: f32, labelLogit: f32) -> Sums {
  var heat = vec4f(0.0);
  var mix = vec4f(0.0);
  var pull = vec4f(0.0);
  var flags = 0u;
  for (var quad = 4u * tile; quad < 4u * tile + 4u; quad++) {
    let logit = quadAt(quadStart(row, quad));
    let x = unitsOf(row, logit);
    if ((STATS & 4u) != 0u) {
      heat += exponentials(row, x, base) * (base - x);
    }
    if (MIXED) {
      let q = coefficientsAt(row, classesAt(row, quad));
      mix += q;
      pull += q * (base - x);
    }
    if ((STATS & 8u) != 0u) {
      let earlier = classesAt(row, quad) < vec4u(row.label);
      let ahead = select(logit > vec4f(labelLogit), logit >= vec4f(labelLogit), earlier);
      flags |= select(0u, BEATEN, any(ahead));
    }
  }
  return Sums(base, 0.0, 0.0, 0.5 * total(heat), total(mix), 0.5 * total(pull), flags);
}
