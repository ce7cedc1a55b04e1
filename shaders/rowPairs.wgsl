// Losses on given pairs of vectors, one row a loss: the largest numbers, then the sums that distances
// are made of, then the gradients. A row has up to three vectors and three pairs of them: first and
// second, first and third, second and third. A row that holds NaN or infinity is NaN altogether.

@group(0) @binding(6) var<storage, read> third: array<u32>;  // (rows, depth)
@group(0) @binding(7) var<storage, read> labels: array<f32>;  // (rows)
@group(0) @binding(8) var<storage, read_write> gradient: array<u32>;  // (wanted inputs, planeLength) bits of f32

const LINES: u32 = ROWS;
const SMALLEST: f32 = 1.1754944e-38;

struct Verdict { value: f32, slopes: vec3f }

// Tops and sums by vector under the cosine, else by pair; `products` by pair.
struct Joint { tops: vec3f, sums: vec3f, products: vec3f, odd: u32 }

fn joined(a: Joint, b: Joint) -> Joint {
  return Joint(max(a.tops, b.tops), a.sums + b.sums, a.products + b.products, a.odd | b.odd);
}

fn thirdBits(place: u32) -> u32 {
  let at = params.thirdStart + place;
  if (THIRD_STORAGE == 0u) {
    return third[at];
  }
  return widened(THIRD_STORAGE, third[at / 2u], at);
}

fn bitsAt(place: u32) -> vec3u {
  return vec3u(firstBits(place), secondBits(place), select(0u, thirdBits(place), COUNT > 1u));
}

fn isOdd(bits: vec3u) -> bool {
  return any((bits & vec3u(0x7fffffffu)) >= vec3u(INFINITY_BITS));
}

// The differences of the pairs, at most the largest number.
fn apart(x: vec3f) -> vec3f {
  let near = 0.5 * vec3f(x.x, x.x, x.y) - 0.5 * x.yzz;
  return 2.0 * clamp(near, vec3f(-0.5 * LARGEST), vec3f(0.5 * LARGEST)) + params.eps;
}

// The power of two that brings numbers of this size near 1; 0 where there is nothing to bring.
fn powersOf(tops: vec3f) -> vec3f {
  let exponents = min(bitcast<vec3u>(tops) >> vec3u(23u), vec3u(253u));
  return select(bitcast<vec3f>((vec3u(254u) - exponents) << vec3u(23u)), vec3f(0.0),
    tops < vec3f(SMALLEST));
}

fn topsOf(row: Row) -> Joint {
  var own = Joint(vec3f(0.0), vec3f(0.0), vec3f(0.0), 0u);
  for (var begin = row.lane; begin < params.classes; begin += BLOCK) {
    let end = min(begin + BLOCK, params.classes);
    for (var k = begin; k < end; k += LANES) {
      let bits = bitsAt(row.base + k);
      if (isOdd(bits)) {
        own.odd = 1u;
      } else {
        let x = bitcast<vec3f>(bits);
        own.tops = max(own.tops, abs(select(apart(x), x, MEASURE == COSINE)));
      }
    }
  }
  return own;
}

fn sumsOf(row: Row, tops: vec3f) -> Joint {
  let powers = powersOf(tops);
  var all = Joint(vec3f(0.0), vec3f(0.0), vec3f(0.0), 0u);
  for (var begin = row.lane; begin < params.classes; begin += BLOCK) {
    let end = min(begin + BLOCK, params.classes);
    var sums = vec3f(0.0);
    var products = vec3f(0.0);
    for (var k = begin; k < end; k += LANES) {
      let x = bitcast<vec3f>(bitsAt(row.base + k));
      if (MEASURE == COSINE) {
        let u = x * powers;
        sums += u * u;
        products += vec3f(u.x, u.x, u.y) * u.yzz;
      } else {
        sums += termsOf(apart(x), powers, tops);
      }
    }
    all.sums += sums;
    all.products += products;
  }
  return all;
}

fn store(input: u32, place: u32, slope: f32, factor: f32, isLost: bool) {
  if (((WANTED >> input) & 1u) == 0u) {
    return;
  }
  let plane = countOneBits(WANTED & ((1u << input) - 1u));
  let bits = select(gradientBits(slope, factor), NAN_BITS, isLost);
  gradient[plane * params.planeLength + place] = select(bits, 0u, factor == 0.0);
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  // Lanes of a row lie ROWS apart, as in the tree that joins them.
  let row = rowAt(group, thread % ROWS * LANES + thread / ROWS);
  var own = Joint(vec3f(0.0), vec3f(0.0), vec3f(0.0), 0u);
  if (row.counts) {
    own = topsOf(row);
  }
  let found = joinedLanes(own, thread);
  own = Joint(vec3f(0.0), vec3f(0.0), vec3f(0.0), 0u);
  if (row.counts && found.odd == 0u) {
    own = sumsOf(row, found.tops);
  }
  let sums = joinedLanes(own, thread);
  let metric = metricOf(found.tops, sums.sums, sums.products);
  var label = 0.0;
  if (LABELLED && row.counts) {
    label = labels[params.labelsStart + row.index];
  }
  let verdict = judge(metric.distances, label);
  if (row.exists && row.lane == 0u) {
    reportRow(row, verdict.value, select(0u, HAS_NAN, found.odd != 0u), 1.0);
    for (var input = 0u; input < select(2u, 3u, COUNT > 1u); input++) {
      let isLost = MEASURE == COSINE && row.counts && found.tops[input] < SMALLEST;
      values[(input + 1u) * params.totalRows + row.index] = select(0x3f800000u, 0u, isLost);
    }
  }
  if (WANTED != 0u && row.exists) {
    let factor = select(0.0, row.gradientFactor, row.counts);
    for (var begin = row.lane; begin < params.classes; begin += BLOCK) {
      let end = min(begin + BLOCK, params.classes);
      for (var k = begin; k < end; k += LANES) {
        let place = row.base + k;
        var slopes = vec3f(0.0);
        if (factor != 0.0 && found.odd == 0u) {
          slopes = slopesOf(metric, verdict.slopes, bitcast<vec3f>(bitsAt(place)));
        }
        store(0u, place, slopes.x, factor, found.odd != 0u);
        store(1u, place, slopes.y, factor, found.odd != 0u);
        store(2u, place, slopes.z, factor, found.odd != 0u);
      }
    }
  }
}
