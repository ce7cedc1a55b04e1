// How little two boxes overlap, one invocation a pair. A box is x1, y1, x2, y2. All that is compared
// is scaled by a power of two, so that no area overflows or vanishes: the losses do not change by it.

@group(0) @binding(7) var<storage, read_write> gradient: array<u32>;  // (rows, 4) bits of f32
@group(0) @binding(8) var<storage, read_write> gradientAgainst: array<u32>;  // (rows, 4) bits of f32

const QUARTER_TURN: f32 = 0.7853982;

// The builtin may be off by 4096 ulp. Reduction and polynomial: Cephes atanf.
fn atanSafe(x: f32) -> f32 {
  let a = abs(x);
  let far = a > 2.4142137;
  let middle = a > 0.41421357 && !far;
  let t = select(select(a, (a - 1.0) / (a + 1.0), middle), -1.0 / max(a, 1.0), far);
  let z = t * t;
  let series = t + t * z * (-0.3333295 + z * (0.19977711 + z * (-0.13877686 + z * 0.080537446)));
  let angle = series + select(select(0.0, QUARTER_TURN, middle), 2.0 * QUARTER_TURN, far);
  return select(angle, -angle, x < 0.0);
}

// 1 where a is the smaller one: its slope in min(a, b), and b's in max(a, b). Equal numbers share it.
fn smallerShare(a: vec2f, b: vec2f) -> vec2f {
  return select(select(vec2f(0.0), vec2f(0.5), a == b), vec2f(1.0), a < b);
}

// What both boxes have in common, scaled.
struct Pair {
  scale: f32,
  overlap: vec2f,
  touches: vec2f,  // 1 where the sides overlap or touch
  hull: vec2f,
  both: f32,  // area of the overlap
  united: f32,
}

fn pairOf(a: vec4f, b: vec4f) -> Pair {
  let hull = max(a.zw, b.zw) - min(a.xy, b.xy);
  let sides = max(max(abs(a.zw - a.xy), abs(b.zw - b.xy)), abs(hull));
  let exponent = bitcast<u32>(max(sides.x, sides.y)) >> 23u;
  let scale = bitcast<f32>(max(254u - min(exponent, 254u), 1u) << 23u);
  let raw = scale * (min(a.zw, b.zw) - max(a.xy, b.xy));
  let overlap = max(raw, vec2f(0.0));
  let both = overlap.x * overlap.y;
  let own = scale * (a.zw - a.xy);
  let other = scale * (b.zw - b.xy);
  let all = own.x * own.y + other.x * other.y - both;
  return Pair(scale, overlap, select(vec2f(0.0), vec2f(1.0), raw >= vec2f(0.0)), scale * hull,
    both, all);
}

fn inverse(x: f32) -> f32 {
  return select(1.0 / x, 0.0, x == 0.0);
}

// Twice the way from b's centre to a's.
fn apart(a: vec4f, b: vec4f, scale: f32) -> vec2f {
  return scale * ((a.xy - b.xy) + (a.zw - b.zw));
}

// The angle between the diagonals of b and a: atan(w / h) of b less that of a.
fn angleBetween(a: vec2f, b: vec2f) -> f32 {
  let side = select(1.0, -1.0, a.y * b.y < 0.0);
  let rise = side * (b.x * a.y - a.x * b.y);
  let run = side * (b.y * a.y + b.x * a.x);
  if (run == 0.0) {
    return sign(rise) * 2.0 * QUARTER_TURN;
  }
  return atanSafe(rise / run) + select(0.0, sign(rise) * 4.0 * QUARTER_TURN, run < 0.0);
}

// The weight of the difference in shape, a constant in the gradient, and the angle that it is of.
fn shapeOf(a: vec4f, b: vec4f, pair: Pair) -> vec2f {
  let angle = angleBetween(pair.scale * (a.zw - a.xy), pair.scale * (b.zw - b.xy));
  let v = angle * angle / (4.0 * QUARTER_TURN * QUARTER_TURN);
  let miss = 1.0 - pair.both * inverse(pair.united);
  return vec2f(select(v / (miss + v), 0.0, v == 0.0), angle);
}

fn lossOf(a: vec4f, b: vec4f, pair: Pair) -> f32 {
  let miss = select((pair.united - pair.both) * inverse(pair.united), 1.0, pair.united == 0.0);
  if (VARIANT == 0u) {
    return miss;
  }
  let hull = pair.hull.x * pair.hull.y;
  if (VARIANT == 1u) {
    return miss + (hull - pair.united) * inverse(hull);
  }
  let way = apart(a, b, pair.scale);
  let far = miss + 0.25 * dot(way, way) * inverse(dot(pair.hull, pair.hull));
  if (VARIANT == 2u) {
    return far;
  }
  let shape = shapeOf(a, b, pair);
  return far + shape.x * shape.y * shape.y / (4.0 * QUARTER_TURN * QUARTER_TURN);
}

// The slopes of the loss by the corners of `own`.
fn slopesOf(own: vec4f, other: vec4f, pair: Pair) -> vec4f {
  let side = pair.scale * (own.zw - own.xy);
  let inner = vec4f(-smallerShare(other.xy, own.xy), smallerShare(own.zw, other.zw));
  let outer = vec4f(-smallerShare(own.xy, other.xy), smallerShare(other.zw, own.zw));
  let grow = vec4f(-1.0, -1.0, 1.0, 1.0);
  let byUnion = inverse(pair.united);
  let ratio = pair.both * byUnion;
  var byOverlap = -(1.0 + ratio) * byUnion;
  var byArea = ratio * byUnion;
  var byHull = vec2f(0.0);
  var byCentre = vec2f(0.0);
  var bySide = vec2f(0.0);
  if (VARIANT == 1u) {
    let byAll = inverse(pair.hull.x * pair.hull.y);
    byOverlap += byAll;
    byArea -= byAll;
    byHull = pair.united * byAll * byAll * pair.hull.yx;
  }
  if (VARIANT >= 2u) {
    let way = apart(own, other, pair.scale);
    let byDiagonal = inverse(dot(pair.hull, pair.hull));
    byCentre = 0.5 * byDiagonal * way;
    byHull = -0.5 * dot(way, way) * byDiagonal * byDiagonal * pair.hull;
  }
  if (VARIANT == 3u) {
    let shape = shapeOf(own, other, pair);
    let turn = 2.0 * shape.x * shape.y / (4.0 * QUARTER_TURN * QUARTER_TURN);
    bySide = -turn * inverse(dot(side, side)) * vec2f(side.y, -side.x);
  }
  let kept = byOverlap * pair.touches * pair.overlap.yx;
  let spread = byArea * side.yx + bySide;
  return pair.scale * (kept.xyxy * inner + spread.xyxy * grow + byHull.xyxy * outer + byCentre.xyxy);
}
