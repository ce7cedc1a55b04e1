// Losses that are a sum over the classes of a row: one read for each softmax, one for the cells, one
// for the gradients, which follow from the slopes by the rule of each side's form.

@group(0) @binding(7) var<storage, read_write> gradient: array<u32>;  // (rows, classes) bits of f32
@group(0) @binding(8) var<storage, read_write> gradientAgainst: array<u32>;  // (rows, classes) bits of f32

// The gradient that a side's slope leads to; `flags` says what the row's slopes came to.
fn sideGradient(form: u32, byLog: bool, point: Point, slope: f32, origin: f32, sum: f32,
  lost: bool, scale: f32, factor: f32) -> u32 {
  let p = point.p;
  if (form == LOGITS) {
    // Of two nearly equal numbers the difference is taken first, and then scaled.
    let nearby = p * (scale * (slope - origin) - sum);
    let chained = select(nearby, scale * slope - p * sum, byLog) / temperature();
    return select(bitcast<u32>(factor * chained), NAN_BITS, lost);
  }
  var own = slope;
  if (form == PROBS && byLog) {
    own = select(slope / select(p, 1.0, p == 0.0), sign(slope) * INFINITE, p == 0.0);
  } else if (form == LOG_PROBS && !byLog) {
    own = p * slope;
  }
  return gradientBits(select(own, slope, abs(slope) > 3e38), factor * scale);
}

// Against the label's own score all others are measured: it takes the opposite of their slopes.
fn marginGradient(row: Row, k: u32, slope: f32, sums: Sums, scale: f32, factor: f32) -> u32 {
  if (k != row.label) {
    return gradientBits(slope, factor * scale);
  }
  let sum = select(-sums.slope, LOWEST, (sums.flags & LOST) != 0u);
  return select(gradientBits(sum, factor), NAN_BITS, (sums.flags & HAS_NAN) != 0u);
}

fn storeGradients(row: Row, scan: Scan, against: Scan, own: u32, origins: Origins, sums: Sums) {
  let factor = row.gradientFactor * rowScale(row);
  let lost = (sums.flags & (HAS_NAN | LOST)) != 0u;
  let lostAgainst = (sums.flags & (HAS_NAN | LOST_AGAINST)) != 0u;
  for (var begin = 0u; begin < params.classes; begin += BLOCK) {
    let end = min(begin + BLOCK, params.classes);
    for (var k = begin + row.lane; k < end; k += LANES) {
      let place = row.base + k;
      var bits = 0u;
      var bitsAgainst = 0u;
      if (row.counts && factor != 0.0 && hasItem(place)) {
        let sides = sidesOf(row, k, scan, against, own);
        let scale = classScale(k);
        let slope = sides.cell.slope;
        let slopeAgainst = sides.cell.slopeAgainst;
        if (FORM == MARGIN) {
          bits = marginGradient(row, k, slope, sums, scale, factor);
        } else {
          bits = sideGradient(FORM, BY_LOG, sides.one, slope, origins.one, sums.slope, lost,
            scale, factor);
        }
        bitsAgainst = sideGradient(AGAINST, AGAINST_BY_LOG, sides.other, slopeAgainst,
          origins.other, sums.slopeAgainst, lostAgainst, scale, factor);
        bits = select(bits, NAN_BITS, sides.broken);
        bitsAgainst = select(bitsAgainst, NAN_BITS, sides.broken);
      }
      if (GRADIENT) {
        gradient[params.gradientStart + place] = bits;
      }
      if (GRADIENT_AGAINST) {
        gradientAgainst[params.gradientAgainstStart + place] = bitsAgainst;
      }
    }
  }
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let row = rowAt(group, thread);
  let scan = scanSide(row, FORM, true, thread);
  let against = scanSide(row, AGAINST, false, thread);
  var own = 0u;
  if (FORM == MARGIN && row.counts) {
    own = firstBits(row.base + row.label);
  }
  var sums = noSums();
  var origins = Origins(0.0, 0.0);
  if (row.counts) {
    origins = originsOf(row, scan, against, own);
    sums = sumCells(row, scan, against, own, origins);
  }
  sums = joinedSums(sums, thread);
  if (row.exists && row.lane == 0u) {
    reportRow(row, sums.value, sums.flags, rowScale(row));
  }
  if ((GRADIENT || GRADIENT_AGAINST) && row.exists) {
    storeGradients(row, scan, against, own, origins, sums);
  }
}
