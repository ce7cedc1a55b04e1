// Cross-entropy of few classes: a lane takes four rows, neighbours, each component of a vector one of them. A
// trip costs a software adapter about 100 cycles whatever is in it, which a row of ten classes alone would
// spend on counting.

const FOURTH: u32 = ROWS / 4u;  // lanes of a workgroup
const TRIP: u32 = 3u;  // classes that a trip over the logits takes; the values of seven are too many to keep at hand

// Four rows of one lane.
struct Four {
  index: vec4u,
  origin: vec4u,
  label: vec4u,
  labelBits: vec4u,  // the last class's where there is no label
  valueFactor: vec4f,
  gradientFactor: vec4f,
}

fn firstPlace(group: vec3u, lane: u32) -> u32 {
  return (group.y * params.gridWidth + group.x) * ROWS + 4u * lane;
}

// Where there are no more rows the last is taken again: the same is written twice, by the same lane.
fn fourAt(first: u32) -> Four {
  let place = min(first + vec4u(0u, 1u, 2u, 3u), vec4u(params.rows - 1u));
  let index = params.rowStart + place;
  let a = rowInfo[index.x];
  let b = rowInfo[index.y];
  let c = rowInfo[index.z];
  let d = rowInfo[index.w];
  let origin = originsOf(place);
  let label = vec4u(a.label, b.label, c.label, d.label);
  let known = min(label, vec4u(params.classes - 1u));
  return Four(index, origin, label, bitsOfFour(origin + known * classStep()),
    vec4f(a.valueFactor, b.valueFactor, c.valueFactor, d.valueFactor),
    totalsOf(index) * vec4f(a.gradientFactor, b.gradientFactor, c.gradientFactor, d.gradientFactor));
}

// 1 / denominator of each row's segment.
fn totalsOf(index: vec4u) -> vec4f {
  let at = quotientsOf(params.chunkStart + index, params.segmentLength);
  return vec4f(totals[at.x], totals[at.y], totals[at.z], totals[at.w]);
}

fn originsOf(place: vec4u) -> vec4u {
  if (!STRIDED) {
    return params.logitsStart + place * params.rowStride;
  }
  let pixel = params.pixelStart + place;
  let image = quotientsOf(pixel, params.inner);
  return params.logitsStart + pixel + image * params.inner * (params.classes - 1u);
}

// Four neighbours divided: a software adapter makes four divisions of each, one after the other.
fn quotientsOf(x: vec4u, divisor: u32) -> vec4u {
  let least = x.x / divisor;
  let next = vec4u((least + 1u) * divisor);
  return least + flagged(x >= next, 1u) + flagged(x >= next + divisor, 1u)
    + flagged(x >= next + 2u * divisor, 1u);
}

fn classStep() -> u32 {
  return select(1u, params.inner, STRIDED);
}

fn bitsOfFour(at: vec4u) -> vec4u {
  return vec4u(bitsOfElement(at.x), bitsOfElement(at.y), bitsOfElement(at.z), bitsOfElement(at.w));
}

// The logits of one class, the last one where there are no more.
fn bitsOfClass(four: Four, k: u32) -> vec4u {
  return bitsOfFour(four.origin + min(k, params.classes - 1u) * classStep());
}

// Infinite logits are cut off where a soft cap has long made them equal.
fn unitsOfBits(row: Row, bits: vec4u) -> vec4f {
  let logit = bitcast<vec4f>(bits);
  if (SOFTCAPPED) {
    let most = vec4f(bitcast<f32>(carefulBits(row)));
    return unitsOf(row, clamp(logit, -most, most));
  }
  return logit;
}

fn ranksOf(bits: vec4u) -> vec4u {
  return vec4u(rankOf(bits.x), rankOf(bits.y), rankOf(bits.z), rankOf(bits.w));
}

fn flagged(which: vec4<bool>, flag: u32) -> vec4u {
  return select(vec4u(0u), vec4u(flag), which);
}

// The first of four rows; `known` has what all rows share. Where it lies nobody asks any more.
fn rowOfFirst(known: Row, four: Four) -> Row {
  var row = known;
  row.index = four.index.x;
  row.label = four.label.x;
  row.valueFactor = four.valueFactor.x;
  row.gradientFactor = four.gradientFactor.x;
  return row;
}

// The next row becomes the first: an index that is not constant costs a software adapter more than
// moving everything.
fn turnedFour(four: Four) -> Four {
  return Four(four.index.yzwx, four.origin, four.label.yzwx, four.labelBits.yzwx,
    four.valueFactor.yzwx, four.gradientFactor.yzwx);
}
