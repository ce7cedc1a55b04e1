// Cross-entropy, second pass: the gradient of a row, each lane its own share. It walks backwards,
// because what the first pass read last is what the cache still holds.
// Returns the lane's part of the sum of gradient * logit: the temperature's slope follows from it.

fn gradientPass(row: Row, verdict: Verdict, labelBits: u32) -> f32 {
  let idle = row.gradientFactor == 0.0 || row.label >= OUT_OF_RANGE;
  let blank = idle || (verdict.flags & HAS_NAN) != 0u;
  for (var rare = blank; rare; rare = false) {
    fill(row, select(NAN_BITS, 0u, idle));
  }
  if (blank) {
    return 0.0;
  }
  let careful = (verdict.flags & CAREFUL) != 0u;
  let range = select(tileRange(row), vec2u(0u), careful);
  let start = firstTile(row);
  var moment = 0.0;
  for (var left = range.y; left > range.x; left--) {
    let tile = left - 1u;
    let logit = tileAt(start + tile * tileStep());
    let ab = gradientOfQuad(row, verdict, 4u * tile, logit.a)
      + gradientOfQuad(row, verdict, 4u * tile + 1u, logit.b);
    let cd = gradientOfQuad(row, verdict, 4u * tile + 2u, logit.c)
      + gradientOfQuad(row, verdict, 4u * tile + 3u, logit.d);
    moment += ab + cd;
  }
  if (INDEXED) {
    let home = labelTile(row);
    for (var mine = home >= range.x && home < range.y; mine; mine = false) {
      moment -= verdict.own * (bitcast<f32>(labelBits) - momentOrigin(verdict));
      storeInTile(row, row.label, verdict.labelSlope);
    }
  }
  return moment + storeSlots(row, verdict, select(tilesOf(row), 0u, careful));
}

// Stores the gradient at four classes; returns what they add to the moment.
fn gradientOfQuad(row: Row, verdict: Verdict, quad: u32, logit: vec4f) -> f32 {
  let x = unitsOf(row, logit);
  var g = verdict.push * exponentials(row, x, verdict.base);
  if (MIXED) {
    g -= verdict.pull * coefficientsAt(row, classesAt(row, quad));
  }
  if (SOFTCAPPED) {
    g *= slackOf(x);
  }
  storeQuad(row, quad, g);
  if ((STATS & 16u) != 0u) {
    return dot(g, max(logit - momentOrigin(verdict), vec4f(-1e30)));
  }
  return 0.0;
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
