// Cross-entropy, first pass: what a lane learns from its share of a row in one read.
//   fast:  whole tiles of sixteen, for ordinary numbers: one exp each, one sum and one test a tile
//   slow:  one element at a time, the ends of every row and all of a row that holds anything odd
// SwiftShader runs both sides of every `if`, and the body of every loop at least once, be it for no lane: what is
// rare stands outside of the loop over tiles. Every loop, and every place from where a function is called, is compiled
// anew: elements and tiles share the loop over blocks.

const BLOCK: u32 = 64u;  // elements or tiles summed apart: one running f32 sum drifts by 5e-4 at 262 144
// A tile's sum beyond this has some logit far above the base, which then follows. In steps of 8 nats
// the exponents are so rounded that a gradient is off by 2.4e-7: this is 3 nats.
const LIMIT: f32 = 20.0;
const EXTRAS: bool = MIXED || (STATS & 12u) != 0u;

fn scan(row: Row, label: Element, labelBits: u32) -> Sums {
  let known = (label.flags == 0u) & !label.lost;
  let range = tileRange(row);
  let home = labelTile(row);
  let isHome = !MASKED & (home >= range.x) & (home < range.y);
  let slots = slotsOf(row, row.tiles);
  let turns = turnsOf(row, slots);
  let tail = row.head + params.classes - slots;  // behind the last class in a tile
  let start = firstTile(row);
  let step = tileStep();
  var sums = nothing();
  sums.base = label.unit;
  var base = label.unit;  // from which the next block is measured
  var at = 0u;
  var first = range.x;
  // Short blocks first: it is among the first tiles that the base is most often too low.
  var length = 4u;
  var top = 0u;
  for (var turn = 0u; turn < ENDLESS; turn++) {
    // Element by element come the label's tile, or all of this lane's, and what no tile covers. They
    // come first: what outweighs all others is not measured from a later base then.
    let careful = (sums.flags & CAREFUL) != 0u;
    let own = select(select(0u, 16u, isHome), 16u * (range.y - range.x), careful);
    let begin = 16u * select(home, range.x, careful);
    let count = own + turns;
    let tiles = select(range.y, range.x, careful);
    var part = nothing();
    part.base = base;
    let stop = min(at + BLOCK, count);
    for (var next = at; next < ENDLESS; next++) {
      if (next >= stop) {
        break;
      }
      let slot = slotClass(row, row.tiles, (next - own) * row.slots + row.slot);
      let k = select(slot, classAt(row, begin + next), next < own);
      if (!MASKED | (next >= own) | (k < tail)) {
        part = withElement(row, part, k, labelBits);
      }
    }
    at = stop;

    base = part.base;
    let end = min(first + length, tiles);
    var most = 0.0;
    var rest = 0.0;
    var dust = 0.0;
    var extras = nothing();
    for (var tile = first; tile < ENDLESS; tile++) {
      if (tile >= end) {
        break;
      }
      let logit = tileAt(row, start + tile * step);
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
      let abRocks = rocks(ab);
      let cdRocks = rocks(cd);
      let counts = MASKED | (tile != home);
      let sum = select(0.0, total(abRocks + cdRocks), counts);
      most = max(most, select(0.0, sum, isFinite(sum)));
      rest += sum;
      dust += select(0.0, total((ab - abRocks) + (cd - cdRocks)), counts);
      if (EXTRAS) {
        if (counts) {
          extras = added(extras, extrasOfTile(row, tile, logit, base, bitcast<f32>(labelBits)));
        }
      }
    }
    if (most > LIMIT) {
      // It comes again. Three bits more, so that few others will.
      base += (log2(most) + 3.0) / row.scale;
    } else {
      if (EXTRAS) {
        part = added(part, extras);
      }
      part.rest += rest;
      part.dust += dust;
      first = end;
      length = min(2u * length, BLOCK);
    }
    sums = added(rebased(row, sums, part.base), part);
    if ((at >= count) & (first >= tiles)) {
      // What is no number, or too far from the base, has left its mark.
      let mass = sums.rest + sums.dust;
      let high = max(bitcast<u32>(abs(sums.base)), top) >= carefulBits(row);
      let odd = !isSound(sums) | high | !(known | (mass > 1e-20));
      if (careful | !odd) {
        break;
      }
      sums = nothing();
      sums.flags = CAREFUL;
      base = LOWEST;
      at = 0u;
      first = range.x;
    }
  }
  // Where its tile has it masked, the label's own oddities are known from here.
  let usual = select(SOME, 0u, (sums.flags & CAREFUL) != 0u);
  sums.flags |= usual | select(0u, label.flags, MASKED);
  return sums;
}

fn isSound(sums: Sums) -> bool {
  var sound = isFinite(sums.rest + sums.dust);
  if (EXTRAS) {
    sound &= isFinite(sums.heat) & isFinite(sums.pull);
  }
  return sound;
}
