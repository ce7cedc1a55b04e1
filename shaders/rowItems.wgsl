// Row losses, the two sides of a class: what its hook is given, and by what its cell is scaled.

@group(0) @binding(6) var<storage, read> extras: array<u32>;  // (classes) factors, or (rows, classes) items

const OTHERS: u32 = 5u;
const TABLE: u32 = 6u;
const NOTHING: u32 = 7u;

// Is there an item, or is it masked out and not to be read?
fn hasItem(place: u32) -> bool {
  if (ITEMS == 0u) {
    return true;
  }
  let word = extras[params.extrasStart + place];
  // Of a float mask -0 too is 0.
  return select(word, word & 0x7fffffffu, ITEMS == 1u) != 0u;
}

fn factorOf(k: u32) -> f32 {
  return bitcast<f32>(extras[params.extrasStart + k]);
}

fn classScale(k: u32) -> f32 {
  if (CLASS_FACTOR) {
    return params.share * factorOf(k);
  }
  return params.share;
}

fn rowScale(row: Row) -> f32 {
  if (LABEL_FACTOR && row.counts) {
    return factorOf(row.label);
  }
  return 1.0;
}

fn firstPoint(row: Row, k: u32, scan: Scan, own: u32) -> Point {
  let bits = firstBits(row.base + k);
  if (FORM == MARGIN) {
    return marginPoint(bits, own, k == row.label);
  }
  return pointOf(FORM, bits, scan);
}

fn secondPoint(row: Row, k: u32, scan: Scan) -> Point {
  if (AGAINST == NOTHING) {
    return Point(0.0, 0.0, 0.0, false);
  }
  if (AGAINST == OTHERS) {
    let one = select(1.0, 0.0, k == row.label);
    return Point(one, one, 0.0, false);
  }
  if (AGAINST == TABLE) {
    let bits = secondBits(row.label * params.classes + k);
    return Point(bounded(bits), bounded(bits), 0.0, !isFiniteBits(bits));
  }
  let bits = secondBits(row.base + k);
  var point = pointOf(AGAINST, bits, scan);
  point.broken = point.broken || (AGAINST == PLAIN && !isFiniteBits(bits));
  return point;
}
