// Row losses, the cells of a row: first the scans that a softmax needs, then value and slopes of each
// class, added up in blocks.

// A class's part of the loss and its slopes on both sides: by the probability, or BY_LOG by its log.
struct Cell { value: f32, slope: f32, slopeAgainst: f32 }

const LOST: u32 = 16u;  // the slopes of the first side have no finite sum
const LOST_AGAINST: u32 = 32u;

struct Sides { one: Point, other: Point, cell: Cell, broken: bool }

fn sidesOf(row: Row, k: u32, scan: Scan, against: Scan, own: u32) -> Sides {
  let one = firstPoint(row, k, scan, own);
  let other = secondPoint(row, k, against);
  let c = cell(one.p, logOf(one), other.p, logOf(other), ratioOf(one, other));
  return Sides(one, other, c, one.broken || other.broken);
}

fn scanSide(row: Row, form: u32, isFirst: bool, thread: u32) -> Scan {
  var scan = nothing();
  if (form == LOGITS) {
    if (row.counts) {
      for (var begin = 0u; begin < params.classes; begin += BLOCK) {
        var block = nothing();
        let end = min(begin + BLOCK, params.classes);
        for (var k = begin + row.lane; k < end; k += LANES) {
          let place = row.base + k;
          if (hasItem(place)) {
            block = withScore(block, sideBits(place, isFirst), k);
          }
        }
        scan = joinedScans(scan, block);
      }
    }
    scan = joinedScan(scan, thread);
  }
  return scan;
}

fn sideBits(place: u32, isFirst: bool) -> u32 {
  if (isFirst) {
    return firstBits(place);
  }
  return secondBits(place);
}

// What the slopes by a probability are measured from: the likeliest class's own. The softmax takes any
// constant away, and a sure row's gradient is then made of its small probabilities alone.
struct Origins { one: f32, other: f32 }

fn originsOf(row: Row, scan: Scan, against: Scan, own: u32) -> Origins {
  var origins = Origins(0.0, 0.0);
  if (FORM == LOGITS && !BY_LOG && !isBroken(scan)) {
    origins.one = sidesOf(row, scan.at, scan, against, own).cell.slope;
  }
  if (AGAINST == LOGITS && !AGAINST_BY_LOG && !isBroken(against)) {
    origins.other = sidesOf(row, against.at, scan, against, own).cell.slopeAgainst;
  }
  return Origins(select(origins.one, 0.0, abs(origins.one) > 3e38),
    select(origins.other, 0.0, abs(origins.other) > 3e38));
}

fn sumsOf(row: Row, k: u32, sides: Sides, origins: Origins) -> Sums {
  if (sides.broken) {
    return Sums(0.0, 0.0, 0.0, HAS_NAN);
  }
  let scale = classScale(k);
  let c = sides.cell;
  let value = abs(c.value) > 3e38;
  let slope = abs(c.slope) > 3e38;
  let slopeAgainst = abs(c.slopeAgainst) > 3e38;
  let flags = infiniteFlags(c.value) | select(0u, LOST, slope) | select(0u, LOST_AGAINST, slopeAgainst);
  let mass = scale * select(sides.one.p, 1.0, BY_LOG);
  let massAgainst = scale * select(sides.other.p, 1.0, AGAINST_BY_LOG);
  return Sums(select(scale * c.value, 0.0, value), select(mass * (c.slope - origins.one), 0.0, slope),
    select(massAgainst * (c.slopeAgainst - origins.other), 0.0,
      slopeAgainst), flags);
}

fn sumCells(row: Row, scan: Scan, against: Scan, own: u32, origins: Origins) -> Sums {
  var sums = noSums();
  for (var begin = 0u; begin < params.classes; begin += BLOCK) {
    var block = noSums();
    let end = min(begin + BLOCK, params.classes);
    for (var k = begin + row.lane; k < end; k += LANES) {
      if (hasItem(row.base + k)) {
        let sides = sidesOf(row, k, scan, against, own);
        block = addedSums(block, sumsOf(row, k, sides, origins));
      }
    }
    sums = addedSums(sums, block);
  }
  return sums;
}
