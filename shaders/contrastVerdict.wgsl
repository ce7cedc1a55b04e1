// Softmax losses on similarities: the value of each line, and the few numbers that its slopes are made
// of. In nats: loss = (peak - mean of the positives) scale + log(1 + rest), each difference first.

@group(0) @binding(3) var<storage, read> totals: array<f32>;  // (segments, 2 more)
@group(0) @binding(5) var<storage, read> scans: array<u32>;  // (chunks, 6, lines)
@group(0) @binding(6) var<storage, read> columnScans: array<u32>;  // (columnChunks, 6, lines)
@group(0) @binding(7) var<storage, read_write> values: array<u32>;  // (1 + outputs, rows) bits of f32
@group(0) @binding(8) var<storage, read_write> verdicts: array<u32>;  // (sides, 5, lines) bits of f32

const PLANES: u32 = 5u;

struct Verdict { loss: f32, push: f32, own: f32, peakSlope: f32, centre: f32, isLost: bool }

fn rowScan(number: u32) -> Scan {
  var scan = Scan(LOWEST, NONE, -1.0, 0.0, 0.0, 0u);
  for (var chunk = 0u; chunk < params.chunks; chunk++) {
    let at = chunk * 6u * params.lines + number;
    scan = joined(scan, Scan(bitcast<f32>(scans[at]), scans[at + params.lines],
      bitcast<f32>(scans[at + 2u * params.lines]), bitcast<f32>(scans[at + 3u * params.lines]),
      bitcast<f32>(scans[at + 4u * params.lines]), scans[at + 5u * params.lines]));
  }
  return scan;
}

fn columnScan(number: u32) -> Scan {
  var scan = Scan(LOWEST, NONE, -1.0, 0.0, 0.0, 0u);
  for (var chunk = 0u; chunk < params.columnChunks; chunk++) {
    let at = chunk * 6u * params.lines + number;
    scan = joined(scan, Scan(bitcast<f32>(columnScans[at]), columnScans[at + params.lines],
      bitcast<f32>(columnScans[at + 2u * params.lines]),
      bitcast<f32>(columnScans[at + 3u * params.lines]),
      bitcast<f32>(columnScans[at + 4u * params.lines]), columnScans[at + 5u * params.lines]));
  }
  return scan;
}

fn verdictOf(scan: Scan, factor: f32) -> Verdict {
  let rest = max(scan.rest, 0.0);
  let whole = 1.0 + rest;
  let centre = scan.pull / scan.count;
  let loss = (scan.peak - centre) * scales[0] + log1pSafe(rest);
  let share = 1.0 / scan.count;
  // For a confident line p - 1 would cancel; the share of the others does not.
  let peakSlope = factor * ((1.0 - share) - rest / whole);
  return Verdict(loss, factor / whole, factor * share, peakSlope, centre,
    !isFiniteBits(scan.height));
}

fn keep(side: u32, number: u32, scan: Scan, verdict: Verdict, isIdle: bool) {
  var kept = array<f32, PLANES>(scan.peak, verdict.centre, verdict.push, verdict.own,
    verdict.peakSlope);
  for (var plane = 0u; plane < PLANES; plane++) {
    // A lost line has a peak that hurts nobody, and slopes of NaN.
    let lost = select(NAN_BITS, 0u, plane < 2u);
    let bits = select(bitcast<u32>(kept[plane]), lost, verdict.isLost);
    verdicts[(side * PLANES + plane) * params.lines + number] = select(bits, 0u, isIdle);
  }
}

fn report(number: u32, line: Line, scan: Scan, loss: f32, isLost: bool) {
  var plane = params.rows;
  if ((OUTPUTS & 1u) != 0u) {
    let odds = expSafe(-abs(loss));
    let share = select(1.0, odds, loss > 0.0) / (1.0 + odds);
    let p = select(expSafe(min(-loss, 0.0)), share, SKIP_POSITIVE);
    values[plane + number] = select(bitcast<u32>(p), NAN_BITS, isLost);
    plane += params.rows;
  }
  if ((OUTPUTS & 2u) != 0u) {
    let ahead = scan.pull > scan.peak || (scan.pull == scan.peak && line.partner < scan.first);
    let isBest = select(scan.first == line.partner, ahead, SKIP_POSITIVE) && !isLost;
    values[plane + number] = select(0u, 0x3f800000u, isBest);
  }
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let number = (group.y * params.gridWidth + group.x) * 64u + thread;
  if (number >= params.lines) {
    return;
  }
  let info = rowInfo[min(number, params.rows - 1u)];
  let factor = info.gradientFactor * totals[min(number, params.rows - 1u) / params.segmentLength]
    * select(1.0, 0.5, SYMMETRIC);
  let isCounted = number < params.rows && info.label < OUT_OF_RANGE;
  let isIdle = !isCounted || factor == 0.0;
  let line = lineOf(number);
  let scan = rowScan(number);
  let verdict = verdictOf(scan, factor);
  var loss = verdict.loss;
  var isLost = verdict.isLost;
  keep(0u, number, scan, verdict, isIdle);
  if (SYMMETRIC) {
    let column = columnScan(number);
    let other = verdictOf(column, factor);
    loss = 0.5 * loss + 0.5 * other.loss;
    isLost = isLost || other.isLost;
    keep(1u, number, column, other, isIdle);
  }
  if (isCounted) {
    values[number] = select(bitcast<u32>(info.valueFactor * loss), NAN_BITS, isLost);
    report(number, line, scan, verdict.loss, verdict.isLost);
  } else if (number < params.rows) {
    values[number] = select(0u, NAN_BITS, info.label == OUT_OF_RANGE);
    for (var plane = 1u; plane <= countOneBits(OUTPUTS); plane++) {
      values[plane * params.rows + number] = 0u;
    }
  }
}
