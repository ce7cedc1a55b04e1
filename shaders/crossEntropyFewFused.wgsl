// Cross-entropy of few classes, losses and their gradient.

// What the gradients of four rows are made of (crossEntropyVerdict.wgsl).
struct FourVerdicts {
  push: vec4f,
  pull: vec4f,
  labelSlope: vec4f,
  lean: vec4f,
  flags: vec4u,
  idle: vec4<bool>,  // zeros are its gradient
}

fn withVerdict(before: FourVerdicts, verdict: Verdict, idle: bool) -> FourVerdicts {
  return FourVerdicts(vec4f(before.push.yzw, verdict.push), vec4f(before.pull.yzw, verdict.pull),
    vec4f(before.labelSlope.yzw, verdict.labelSlope), vec4f(before.lean.yzw, verdict.lean),
    vec4u(before.flags.yzw, verdict.flags), vec4<bool>(before.idle.yzw, idle));
}

@compute @workgroup_size(FOURTH)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let place = firstPlace(group, lane);
  if (place >= params.rows) {
    return;
  }
  var four = fourAt(place);
  let first = rowAt(four.place.x, 0u);
  var sums = scanFour(first, four);
  var verdicts: FourVerdicts;
  for (var left = 4u; left > 0u; left--) {
    let row = rowAt(four.place.x, 0u);
    let end = outcomeOfFirst(row, sums);
    reportRow(row, end);
    let idle = row.gradientFactor == 0.0 || row.label >= OUT_OF_RANGE;
    verdicts = withVerdict(verdicts, verdictOf(row, end), idle);
    sums = turnedSums(sums);
    four = turnedFour(four);
  }
  var moment = gradientOfFour(first, four, verdicts, sums.base);
  if ((STATS & 16u) != 0u) {
    for (var left = 4u; left > 0u; left--) {
      let row = rowAt(four.place.x, 0u);
      let verdict = Verdict(sums.base.x, 0.0, 0.0, 0.0, 0.0, verdicts.lean.x, verdicts.flags.x, 0u);
      reportTemperature(row, verdict, moment.x);
      moment = moment.yzwx;
      verdicts = withVerdict(verdicts, verdict, false);
      sums = turnedSums(sums);
      four = turnedFour(four);
    }
  }
}

fn gradientOfFour(row: Row, four: Four, verdicts: FourVerdicts, base: vec4f) -> vec4f {
  let blank = verdicts.idle | ((verdicts.flags & vec4u(HAS_NAN)) != vec4u(0u));
  let filling = select(vec4u(NAN_BITS), vec4u(0u), verdicts.idle);
  var moment = vec4f(0.0);
  for (var k = 0u; k < params.classes; k++) {
    let at = elementsOf(four, vec4u(k));
    let bits = bitsOfFour(at);
    let x = unitsOfBits(row, bits);
    var g = verdicts.push * exp2((x - base) * row.scale);
    if (MIXED) {
      g -= verdicts.pull * coefficientAt(row, k);
    }
    if (SOFTCAPPED) {
      g *= slackOf(x);
    }
    storeFour(at, select(bitcast<vec4u>(g), filling, blank));
    if ((STATS & 16u) != 0u) {
      let reach = bitcast<vec4f>(bits) - select(base, vec4f(0.0), vec4<bool>(SOFTCAPPED));
      let finite = (bits & vec4u(0x7fffffffu)) < vec4u(INFINITY_BITS);
      let slope = select(g, verdicts.labelSlope, vec4u(k) == four.label);
      moment += select(vec4f(0.0), slope * reach, finite & !blank);
    }
  }
  let labelSlope = select(bitcast<vec4u>(verdicts.labelSlope), filling, blank);
  storeFour(elementsOf(four, labelsOf(four)), labelSlope);
  return moment;
}

fn storeFour(at: vec4u, bits: vec4u) {
  storeBits(storePlace(at.x), bits.x);
  storeBits(storePlace(at.y), bits.y);
  storeBits(storePlace(at.z), bits.z);
  storeBits(storePlace(at.w), bits.w);
}
