// Cross-entropy, second pass: the gradient of a row, each lane its own share. It walks backwards,
// because what the first pass read last is what the cache still holds.
// Returns the lane's part of the sum of gradient * logit: the temperature's slope follows from it.

fn gradientPass(row: Row, verdict: Verdict, labelBits: u32) -> f32 {
  let careful = (verdict.kept != 0u) & ((verdict.flags & (CAREFUL | HAS_NAN)) != 0u);
  let range = select(tileRange(row), vec2u(0u), careful);
  let home = labelTile(row);
  let isHome = INDEXED & (home >= range.x) & (home < range.y);
  let moment = gradientOfTiles(row, verdict, range.x, range.y)
    + storeSlots(row, verdict, select(row.tiles, 0u, careful), labelBits, isHome);
  return select(0.0, moment, verdict.kept != 0u);
}

fn gradientOfTiles(row: Row, verdict: Verdict, first: u32, end: u32) -> f32 {
  // Of a row whose gradient is 0 no more than one tile is read: the one that is written last.
  let step = select(0u, tileStep(), verdict.kept != 0u);
  let start = firstTile(row) + first * (tileStep() - step);
  let place = storeStart(row);
  var moment = 0.0;
  for (var left = end; left > 0u; left--) {
    if (left <= first) {
      break;
    }
    let tile = left - 1u;
    let logit = tileAt(row, start + tile * step);
    let k = classAt(row, 16u * tile);
    let ab = gradientOfQuad(row, verdict, place, k, logit.a)
      + gradientOfQuad(row, verdict, place, k + QUAD_STEP, logit.b);
    let cd = gradientOfQuad(row, verdict, place, k + 2u * QUAD_STEP, logit.c)
      + gradientOfQuad(row, verdict, place, k + 3u * QUAD_STEP, logit.d);
    moment += ab + cd;
  }
  return moment;
}

// Stores the gradient at a quad, of which `k` is the first class; returns what it adds to the moment.
fn gradientOfQuad(row: Row, verdict: Verdict, place: u32, k: u32, logit: vec4f) -> f32 {
  let x = unitsOf(row, logit);
  var g = verdict.push * exponentials(row, x, verdict.base);
  if (MIXED) {
    g -= verdict.pull * coefficientsAt(row, k + QUAD_CLASSES);
  }
  if (SOFTCAPPED) {
    g *= slackOf(x);
  }
  g = bitcast<vec4f>(bitcast<vec4u>(g) & vec4u(verdict.kept));
  storeQuad(row, place, k, g);
  var moment = 0.0;
  if ((STATS & 16u) != 0u) {
    moment = dot(g, max(logit - momentOrigin(verdict), vec4f(-1e30)));
  }
  return moment;
}

// The gradient at one class, and what it adds to the moment; with care.
struct Slope { gradient: f32, moment: f32 }

fn slopeAt(row: Row, verdict: Verdict, k: u32) -> Slope {
  let bits = bitsAt(row, k);
  let element = elementOfBits(row, bits);
  var g = verdict.push * select(decay(row, element.unit, verdict.base), 0.0, element.lost);
  if (MIXED) {
    g -= verdict.pull * coefficientAt(row, k);
  }
  g *= slackOf(vec4f(element.unit)).x;
  if (INDEXED) {
    g = select(g, verdict.labelSlope, k == row.label);
  }
  let finite = isFiniteBits(bits);
  let reach = bitcast<f32>(select(0u, bits, finite)) - momentOrigin(verdict);
  return Slope(g, select(0.0, g * reach, finite));
}

fn slopeBits(verdict: Verdict, g: f32) -> u32 {
  return select(bitcast<u32>(g), NAN_BITS, (verdict.flags & HAS_NAN) != 0u) & verdict.kept;
}

// What the label adds to the moment where its tile has it masked, or takes away where it met it as one class of many.
fn labelMoment(verdict: Verdict, labelBits: u32) -> f32 {
  return select(-verdict.own, verdict.labelSlope, MASKED) * (bitcast<f32>(labelBits) - momentOrigin(verdict));
}
