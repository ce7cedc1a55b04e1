// Cross-entropy of few classes, losses and their gradient.

// What the gradients of four rows are made of (crossEntropyVerdict.wgsl).
struct FourVerdicts {
  push: vec4f,
  pull: vec4f,
  labelSlope: vec4f,
  lean: vec4f,
  flags: vec4u,
  kept: vec4u,  // all bits, or none where the gradient is
  filling: vec4u,
}

fn withVerdict(before: FourVerdicts, verdict: Verdict) -> FourVerdicts {
  let lost = select(0u, verdict.kept, (verdict.flags & HAS_NAN) != 0u);
  return FourVerdicts(vec4f(before.push.yzw, verdict.push), vec4f(before.pull.yzw, verdict.pull),
    vec4f(before.labelSlope.yzw, verdict.labelSlope), vec4f(before.lean.yzw, verdict.lean),
    vec4u(before.flags.yzw, verdict.flags),
    vec4u(before.kept.yzw, verdict.kept ^ lost), vec4u(before.filling.yzw, lost & NAN_BITS));
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
  let first = rowAt(place, 0u);
  var sums = scanFour(first, four);
  var verdicts: FourVerdicts;
  for (var left = 4u; left > 0u; left--) {
    let row = rowOfFirst(first, four);
    let end = outcomeOfFirst(row, four, sums);
    reportRow(row, end);
    verdicts = withVerdict(verdicts, verdictOf(row, end));
    sums = turnedSums(sums);
    four = turnedFour(four);
  }
  var moment = gradientOfFour(first, four, verdicts, sums.base);
  if ((STATS & 16u) != 0u) {
    for (var left = 4u; left > 0u; left--) {
      let row = rowOfFirst(first, four);
      let verdict = Verdict(sums.base.x, 0.0, 0.0, 0.0, 0.0, verdicts.lean.x, verdicts.flags.x, 0u);
      reportTemperature(row, verdict, moment.x);
      moment = moment.yzwx;
      verdicts = withVerdict(verdicts, verdict);
      sums = turnedSums(sums);
      four = turnedFour(four);
    }
  }
}

fn gradientOfFour(row: Row, four: Four, verdicts: FourVerdicts, base: vec4f) -> vec4f {
  var moment = vec4f(0.0);
  for (var k = 0u; k < ENDLESS; k++) {
    if (k >= params.classes) {
      break;
    }
    moment += slopesOf(row, four, verdicts, base, k);
  }
  let known = min(four.label, vec4u(params.classes - 1u));
  storeFour(four.origin + known * classStep(), verdicts, verdicts.labelSlope);
  return moment;
}

fn slopesOf(row: Row, four: Four, verdicts: FourVerdicts, base: vec4f, k: u32) -> vec4f {
  let at = four.origin + k * classStep();
  let bits = bitsOfFour(at);
  let x = unitsOfBits(row, bits);
  var g = verdicts.push * exp2((x - base) * row.scale);
  if (MIXED) {
    g -= verdicts.pull * coefficientAt(row, k);
  }
  if (SOFTCAPPED) {
    g *= slackOf(x);
  }
  storeFour(at, verdicts, g);
  var moment = vec4f(0.0);
  if ((STATS & 16u) != 0u) {
    let reach = bitcast<vec4f>(bits) - select(base, vec4f(0.0), vec4<bool>(SOFTCAPPED));
    let finite = (bits & vec4u(0x7fffffffu)) < vec4u(INFINITY_BITS);
    let slope = select(g, verdicts.labelSlope, vec4u(k) == four.label);
    let counts = finite & (verdicts.kept != vec4u(0u));
    moment = select(moment, slope * reach, counts);
  }
  return moment;
}

fn storeFour(at: vec4u, verdicts: FourVerdicts, g: vec4f) {
  let bits = (bitcast<vec4u>(g) & verdicts.kept) | verdicts.filling;
  storeBits(storePlace(at.x), bits.x);
  storeBits(storePlace(at.y), bits.y);
  storeBits(storePlace(at.z), bits.z);
  storeBits(storePlace(at.w), bits.w);
}
