// Cross-entropy, the fast part of the first pass. SwiftShader runs both sides of every `if`, and the body
// of every loop at least once, be it for no lane: what is rare stands outside of the loop over tiles.

const BLOCK: u32 = 64u;  // tiles summed apart: one running f32 sum drifts by 5e-4 at 262 144
// A tile's sum beyond this has some logit far above the base, which then follows. In steps of 8 nats
// the exponents are so rounded that a gradient is off by 2.4e-7: this is 3 nats.
const LIMIT: f32 = 20.0;
const EXTRAS: bool = MIXED || (STATS & 12u) != 0u;

fn scanTiles(row: Row, before: Sums, begin: u32, tiles: u32, home: u32, labelBits: u32) -> Sums {
  var sums = before;
  var top = 0u;
  var first = begin;
  // Short blocks first: it is among the first tiles that the base is most often too low.
  var length = 4u;
  for (var turn = 0u; turn < ENDLESS; turn++) {
    if (first >= tiles) {
      break;
    }
    let end = min(first + length, tiles);
    let block = scanBlock(row, sums.base, first, end, home, labelBits);
    top = max(top, block.top);
    if (block.most > LIMIT) {
      // It comes again. Three bits more, so that few others will.
      sums = rebased(row, sums, sums.base + (log2(block.most) + 3.0) / row.scale);
    } else {
      sums = added(sums, block.sums);
      first = end;
      length = min(2u * length, BLOCK);
    }
  }
  sums.flags |= select(0u, CAREFUL, top >= carefulBits(row));
  return sums;
}

struct Block { sums: Sums, most: f32, top: u32 }

fn scanBlock(row: Row, base: f32, first: u32, end: u32, home: u32, labelBits: u32) -> Block {
  let start = firstTile(row);
  let step = tileStep();
  var block = Block(nothing(), 0.0, 0u);
  for (var tile = first; tile < ENDLESS; tile++) {
    if (tile >= end) {
      break;
    }
    let logit = tileAt(row, start + tile * step);
    if (BITWISE || SOFTCAPPED) {
      let height = max(max(heights(logit.a), heights(logit.b)), max(heights(logit.c), heights(logit.d)));
      block.top = max(max(block.top, max(height.x, height.y)), max(height.z, height.w));
    }
    let a = exponentials(row, unitsOf(row, logit.a), base);
    let b = exponentials(row, unitsOf(row, logit.b), base);
    let c = exponentials(row, unitsOf(row, logit.c), base);
    let d = exponentials(row, unitsOf(row, logit.d), base);
    let ab = a + b;
    let cd = c + d;
    let abRocks = rocks(ab);
    let cdRocks = rocks(cd);
    let counts = MASKED | (tile != home);
    let sum = select(0.0, total(abRocks + cdRocks), counts);
    block.most = max(block.most, select(0.0, sum, isFinite(sum)));
    block.sums.rest += sum;
    block.sums.dust += select(0.0, total((ab - abRocks) + (cd - cdRocks)), counts);
    if (EXTRAS) {
      if (counts) {
        let extras = extrasOfTile(row, tile, logit, base, bitcast<f32>(labelBits));
        block.sums = added(block.sums, extras);
      }
    }
  }
  return block;
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
