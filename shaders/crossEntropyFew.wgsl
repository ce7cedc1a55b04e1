// Cross-entropy of few classes: a lane takes four rows, each component of a vector one of them, and in
// every trip one class of all four. A trip costs a software adapter about 100 cycles whatever is in it,
// which a row of ten classes alone would spend on counting.

const FOURTH: u32 = ROWS / 4u;  // lanes of a workgroup; the rows of a lane lie this far apart

// Four rows of one lane. What all rows share (temperature, scale) is taken from the first.
struct Four {
  place: vec4u,
  origin: vec4u,
  label: vec4u,
}

fn firstPlace(group: vec3u, lane: u32) -> u32 {
  return (group.y * params.gridWidth + group.x) * ROWS + lane;
}

// Where there are no more rows the first is taken again: the same is written twice, by the same lane.
fn fourAt(first: u32) -> Four {
  let wanted = first + FOURTH * vec4u(0u, 1u, 2u, 3u);
  let place = select(vec4u(first), wanted, wanted < vec4u(params.rows));
  let index = params.rowStart + place;
  return Four(place,
    vec4u(originOf(place.x), originOf(place.y), originOf(place.z), originOf(place.w)),
    vec4u(rowInfo[index.x].label, rowInfo[index.y].label, rowInfo[index.z].label,
      rowInfo[index.w].label));
}

// Where the logits of a class lie, one class for each row.
fn elementsOf(four: Four, k: vec4u) -> vec4u {
  return four.origin + k * select(1u, params.inner, STRIDED);
}

fn bitsOfFour(at: vec4u) -> vec4u {
  return vec4u(bitsOfElement(at.x), bitsOfElement(at.y), bitsOfElement(at.z), bitsOfElement(at.w));
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

// The labels' classes; the last one where there is no label.
fn labelsOf(four: Four) -> vec4u {
  return min(four.label, vec4u(params.classes - 1u));
}

fn ranksOf(bits: vec4u) -> vec4u {
  return vec4u(rankOf(bits.x), rankOf(bits.y), rankOf(bits.z), rankOf(bits.w));
}

fn flagged(which: vec4<bool>, flag: u32) -> vec4u {
  return select(vec4u(0u), vec4u(flag), which);
}

// The next row becomes the first: an index that is not constant costs a software adapter more than
// moving everything.
fn turnedFour(four: Four) -> Four {
  return Four(four.place.yzwx, four.origin.yzwx, four.label.yzwx);
}
