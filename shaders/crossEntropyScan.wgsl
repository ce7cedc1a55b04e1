// Cross-entropy, first pass: what a lane learns from its share of a row in one read.
//   fast:  whole tiles of sixteen, for ordinary numbers: one exp each, one sum and one test a tile
//   slow:  one element at a time, the ends of every row and all of a row that holds anything odd

fn scan(row: Row, label: Element, labelBits: u32) -> Sums {
  let known = (label.flags == 0u) & !label.lost;
  let range = tileRange(row);
  let home = labelTile(row);
  let isHome = !MASKED & (home >= range.x) & (home < range.y);
  var sums = nothing();
  sums.base = label.unit;
  for (var attempt = 0u; attempt < 2u; attempt++) {
    let careful = attempt == 1u;
    // Element by element come the label's tile, or all of this lane's, and what no tile covers. They
    // come first: what outweighs all others is not measured from a later base then.
    let first = select(home, range.x, careful);
    let own = select(select(0u, 16u, isHome), 16u * (range.y - range.x), careful);
    sums = scanElements(row, sums, first, own, labelBits);
    sums = scanTiles(row, sums, range.x, select(range.y, range.x, careful), home, labelBits);
    // What is no number, or too far from the base, has left its mark.
    let mass = sums.rest + sums.dust;
    let finite = isFinite(mass) & isFinite(sums.heat) & isFinite(sums.pull);
    let high = bitcast<u32>(abs(sums.base)) >= carefulBits(row);
    let odd = !finite | high | !(known | (mass > 1e-20)) | ((sums.flags & CAREFUL) != 0u);
    if (careful | !odd) {
      break;
    }
    sums = nothing();
    sums.flags = CAREFUL;
  }
  // Where its tile has it masked, the label's own oddities are known from here.
  let usual = select(SOME, 0u, (sums.flags & CAREFUL) != 0u);
  sums.flags |= usual | select(0u, label.flags, MASKED);
  return sums;
}

fn scanElements(row: Row, before: Sums, first: u32, own: u32, labelBits: u32) -> Sums {
  let slots = slotsOf(row, row.tiles);
  let count = own + turnsOf(row, slots);
  let tail = row.head + params.classes - slots;  // behind the last class in a tile
  let blocks = (count + 15u) >> 4u;
  var sums = before;
  for (var block = 0u; block < ENDLESS; block++) {
    if (block >= blocks) {
      break;
    }
    var part = nothing();
    part.base = sums.base;
    let end = min(16u * block + 16u, count);
    for (var at = 16u * block; at < ENDLESS; at++) {
      if (at >= end) {
        break;
      }
      let slot = slotClass(row, row.tiles, (at - own) * row.slots + row.slot);
      let k = select(slot, classAt(row, 16u * first + at), at < own);
      if (!MASKED | (at >= own) | (k < tail)) {
        part = withElement(row, part, k, labelBits);
      }
    }
    sums = added(rebased(row, sums, part.base), part);
  }
  return sums;
}
