// Cross-entropy, first pass: what a lane learns from its share of a row in one read.
//   fast:  whole tiles of sixteen, for ordinary numbers: one exp each, one sum and one test a tile
//   slow:  one element at a time, the ends of every row and all of a row that holds anything odd

fn scan(row: Row, labelBits: u32) -> Sums {
  let label = elementOfBits(row, labelBits);
  let known = label.flags == 0u && !label.lost;
  let tiles = tilesOf(row);
  let home = labelTile(row);
  var sums = nothing();
  sums.base = label.unit;
  var careful = false;
  for (var again = true; again;) {
    // Element by element come the label's tile, or all of this lane's, and what no tile covers. They
    // come first: what outweighs all others is not measured from a later base then.
    let first = select(home, 0u, careful);
    let own = select(select(0u, 16u, home < tiles), 16u * tiles, careful);
    sums = scanElements(row, sums, first, own, labelBits);
    sums = scanTiles(row, sums, select(tiles, 0u, careful), labelBits);
    // What is no number, or too far from the base, has left its mark.
    let mass = sums.rest + sums.dust;
    let finite = isFinite(mass) && isFinite(sums.heat) && isFinite(sums.pull);
    let high = bitcast<u32>(abs(sums.base)) >= carefulBits(row);
    let odd = !finite || high || !(known || mass > 1e-20) || (sums.flags & CAREFUL) != 0u;
    again = odd && !careful;
    careful = careful || again;
    if (again) {
      sums = nothing();
      sums.flags = CAREFUL;
    }
  }
  sums.flags |= select(SOME, 0u, careful);
  return sums;
}

fn scanElements(row: Row, before: Sums, first: u32, own: u32, labelBits: u32) -> Sums {
  let tiles = tilesOf(row);
  let count = own + (params.classes - tiles * TILE + LANES - 1u - row.lane) / LANES;
  var sums = before;
  for (var begin = 0u; begin < count; begin += 16u) {
    var part = nothing();
    part.base = sums.base;
    for (var at = begin; at < min(begin + 16u, count); at++) {
      var k = classesAt(row, 4u * first + at / 4u)[at % 4u];
      if (at >= own) {
        k = slotClass(row, tiles, (at - own) * LANES + row.lane);
      }
      part = withElement(row, part, k, labelBits);
    }
    sums = added(rebased(row, sums, part.base), part);
  }
  return sums;
}
