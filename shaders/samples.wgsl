// Losses of sums over a sample (a row of two tensors): one read for the sums, one for the gradients.
// A loss may have several such parts, one dispatch each: `values` then hands what the earlier ones came
// to on, in plane 1 as numbers and in plane 2 as flags.

@group(0) @binding(7) var<storage, read_write> gradient: array<u32>;  // (rows, elements) bits of f32
@group(0) @binding(8) var<storage, read_write> gradientAgainst: array<u32>;  // (rows, elements) bits of f32

struct Outcome { value: f32, by: vec3f }
struct Sample { sums: vec3f, flags: u32 }

var<workgroup> laneSamples: array<Sample, THREADS>;

fn joinedSamples(own: Sample, thread: u32) -> Sample {
  if (LANES == 1u) {
    return own;
  }
  laneSamples[thread] = own;
  workgroupBarrier();  // without it a lane reads its neighbour's sums before they are written
  for (var reach = LANES / 2u; reach > 0u; reach /= 2u) {
    if (thread % LANES < reach) {
      let other = laneSamples[thread + reach];
      let mine = laneSamples[thread];
      laneSamples[thread] = Sample(mine.sums + other.sums, mine.flags | other.flags);
    }
    workgroupBarrier();  // the next, narrower step reads what this one wrote
  }
  return laneSamples[thread - thread % LANES];
}

// An element of both tensors; NaN and infinity are no numbers for the hooks.
struct Element { x: f32, y: f32, odd: bool }

fn elementAt(place: u32) -> Element {
  let x = firstBits(place);
  let y = secondBits(place);
  if (!isFiniteBits(x) || !isFiniteBits(y)) {
    return Element(0.0, 0.0, true);
  }
  return Element(bitcast<f32>(x), bitcast<f32>(y), false);
}

// A part whose slopes depend on the sums is lost with them; another one is infinite.
fn flagsOf(sums: vec3f) -> u32 {
  let large = any(abs(sums) > vec3f(3e38));
  return select(0u, select(ABOVE, HAS_NAN, WHOLE), large);
}

fn sampleOf(row: Row) -> Sample {
  var all = Sample(vec3f(0.0), 0u);
  var group = vec3f(0.0);
  for (var begin = 0u; begin < params.classes; begin += BLOCK) {
    let end = min(begin + BLOCK, params.classes);
    var part = vec3f(0.0);
    for (var k = begin + row.lane; k < end; k += LANES) {
      let element = elementAt(row.base + k);
      if (element.odd) {
        all.flags |= HAS_NAN;
      } else {
        part += terms(element.x, element.y);
      }
    }
    all.flags |= flagsOf(part);
    // 64 blocks are summed apart as well: over a million elements the sum of all blocks drifts by 1e-5.
    group += part;
    if ((begin / BLOCK) % 64u == 63u) {
      all.sums += group;
      group = vec3f(0.0);
    }
  }
  all.sums += group;
  return all;
}

fn plainBits(value: f32, flags: u32) -> u32 {
  let bits = select(bitcast<u32>(value), INFINITY_BITS, (flags & ABOVE) != 0u);
  return select(bits, NAN_BITS, (flags & HAS_NAN) != 0u);
}

fn report(row: Row, sample: Sample, outcome: Outcome) {
  let totalRows = params.totalRows;
  var value = outcome.value;
  var flags = sample.flags | flagsOf(sample.sums);
  if (SHOWN > 0u) {
    let bits = plainBits(sample.sums.x, flags);
    values[SHOWN * totalRows + row.index] = select(0u, bits, row.counts);
  }
  if (value == 0.0) {
    flags &= HAS_NAN;  // a part of weight 0
  }
  if (!FIRST_PART) {
    value += bitcast<f32>(values[totalRows + row.index]);
    flags |= values[2u * totalRows + row.index];
  }
  if (LAST_PART) {
    reportRow(row, value, flags, 1.0);
  } else {
    values[totalRows + row.index] = bitcast<u32>(value);
    values[2u * totalRows + row.index] = flags;
  }
}

fn storeGradients(row: Row, by: vec3f, lost: bool) {
  let factor = select(0.0, row.gradientFactor, row.counts);
  for (var begin = 0u; begin < params.classes; begin += BLOCK) {
    let end = min(begin + BLOCK, params.classes);
    for (var k = begin + row.lane; k < end; k += LANES) {
      let place = row.base + k;
      var bits = vec2u(0u);
      if (factor != 0.0) {
        let element = elementAt(place);
        let slope = slopes(element.x, element.y, by);
        bits = vec2u(gradientBits(slope.x, factor), gradientBits(slope.y, factor));
        bits = select(bits, vec2u(NAN_BITS), element.odd || lost);
      }
      if (GRADIENT) {
        gradient[params.gradientStart + place] = bits.x;
      }
      if (GRADIENT_AGAINST) {
        gradientAgainst[params.gradientAgainstStart + place] = bits.y;
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
  var own = Sample(vec3f(0.0), 0u);
  if (row.counts) {
    own = sampleOf(row);
  }
  let sample = joinedSamples(own, thread);
  let found = outcome(sample.sums);
  if (row.exists && row.lane == 0u) {
    report(row, sample, found);
  }
  if ((GRADIENT || GRADIENT_AGAINST) && row.exists) {
    storeGradients(row, found.by, WHOLE && (sample.flags | flagsOf(sample.sums)) != 0u);
  }
}
