// How far the vectors of a row are apart, and in which direction: Euclidean, its square, the p-norms
// and 1 less the cosine.

const L2: u32 = 0u;
const SQUARED: u32 = 1u;
const MANHATTAN: u32 = 2u;
const CHEBYSHEV: u32 = 3u;
const MINKOWSKI: u32 = 4u;
const COSINE: u32 = 5u;

// `inverses`: by vector under the cosine, else what a scaled difference is multiplied by.
struct Metric { distances: vec3f, tops: vec3f, powers: vec3f, inverses: vec3f }

// t^p for t in [0, 1].
fn powerOf(t: f32, p: f32) -> f32 {
  return select(expSafe(p * logSafe(max(t, SMALLEST))), 0.0, t < SMALLEST);
}

fn powersOfAll(t: vec3f, p: f32) -> vec3f {
  return vec3f(powerOf(t.x, p), powerOf(t.y, p), powerOf(t.z, p));
}

fn inverseOf(x: vec3f) -> vec3f {
  return select(1.0 / x, vec3f(0.0), x == vec3f(0.0));
}

// What a difference adds to the sum that its distance is made of.
fn termsOf(d: vec3f, powers: vec3f, tops: vec3f) -> vec3f {
  switch (MEASURE) {
    case SQUARED: {
      return d * d;
    }
    case MANHATTAN: {
      return abs(d);
    }
    case CHEBYSHEV: {
      return select(vec3f(0.0), vec3f(1.0), abs(d) == tops);
    }
    case MINKOWSKI: {
      return powersOfAll(abs(d) * powers * inverseOf(tops * powers), params.p);
    }
    default: {
      return d * powers * (d * powers);
    }
  }
}

fn metricOf(tops: vec3f, sums: vec3f, products: vec3f) -> Metric {
  let powers = powersOf(tops);
  switch (MEASURE) {
    case SQUARED, MANHATTAN: {
      return Metric(sums, tops, powers, vec3f(0.0));
    }
    case CHEBYSHEV: {
      return Metric(tops, tops, powers, inverseOf(sums));
    }
    case MINKOWSKI: {
      let root = vec3f(expSafe(-logSafe(max(sums.x, 1.0)) / params.p),
        expSafe(-logSafe(max(sums.y, 1.0)) / params.p),
        expSafe(-logSafe(max(sums.z, 1.0)) / params.p));
      return Metric(select(tops / root, vec3f(0.0), powers == vec3f(0.0)), tops, powers,
        inverseOf(tops * powers) * root);
    }
    case COSINE: {
      let inverses = inverseOf(sqrt(sums));
      let cosines = products * (vec3f(inverses.x, inverses.x, inverses.y) * inverses.yzz);
      return Metric(1.0 - cosines, tops, powers, inverses);
    }
    default: {
      let lengths = sqrt(sums);
      return Metric(lengths * inverseOf(powers), tops, powers, inverseOf(lengths));
    }
  }
}

// The gradient of the distances by their first vectors; that by their second ones is the negative.
fn directions(metric: Metric, d: vec3f) -> vec3f {
  switch (MEASURE) {
    case SQUARED: {
      return 2.0 * d;
    }
    case MANHATTAN: {
      return sign(d);
    }
    case CHEBYSHEV: {
      let there = (abs(d) == metric.tops) & (metric.powers > vec3f(0.0));
      return select(vec3f(0.0), sign(d) * metric.inverses, there);
    }
    case MINKOWSKI: {
      return sign(d) * powersOfAll(abs(d) * metric.powers * metric.inverses, params.p - 1.0);
    }
    default: {
      return d * metric.powers * metric.inverses;
    }
  }
}

// A cosine's gradient by x of length 1 / inverse, whose partner is y.
fn turned(x: vec3f, y: vec3f, inverses: vec3f, others: vec3f, cosines: vec3f) -> vec3f {
  return (y * others - cosines * (x * inverses)) * inverses;
}

// The gradients by the three vectors, from the slopes by the three distances.
fn slopesOf(metric: Metric, slopes: vec3f, x: vec3f) -> vec3f {
  if (MEASURE == COSINE && params.classes == 1u) {
    return vec3f(0.0);  // one number alone cannot turn
  }
  if (MEASURE == COSINE) {
    let u = x * metric.powers;
    let cosines = 1.0 - metric.distances;
    let i = metric.inverses;
    let left = vec3f(u.x, u.x, u.y);
    let leftInverses = vec3f(i.x, i.x, i.y);
    let there = (leftInverses > vec3f(0.0)) & (i.yzz > vec3f(0.0));
    let s = select(vec3f(0.0), -slopes, there);
    let ofLeft = s * turned(left, u.yzz, leftInverses, i.yzz, cosines);
    let ofRight = s * turned(u.yzz, left, i.yzz, leftInverses, cosines);
    return metric.powers * vec3f(ofLeft.x + ofLeft.y, ofRight.x + ofLeft.z, ofRight.y + ofRight.z);
  }
  let t = slopes * directions(metric, apart(x));
  return vec3f(t.x + t.y, t.z - t.x, -t.y - t.z);
}
