// The hardest triplets of an anchor. With SEMI each positive meets the nearest negative beyond it, or
// the farthest one where none is; else the farthest positive meets the nearest negative.

struct Joint { near: f32, nearAt: u32, far: f32, farAt: u32, height: u32 }

fn nothing() -> Joint {
  return Joint(-LOWEST, NONE, LOWEST, NONE, 0u);
}

// The first of the nearest, and the first of the farthest.
fn joined(a: Joint, b: Joint) -> Joint {
  var all = a;
  if (b.near < a.near || (b.near == a.near && b.nearAt < a.nearAt)) {
    all.near = b.near;
    all.nearAt = b.nearAt;
  }
  if (b.far > a.far || (b.far == a.far && b.farAt < a.farAt)) {
    all.far = b.far;
    all.farAt = b.farAt;
  }
  all.height = max(a.height, b.height);
  return all;
}

// Nearest negative beyond `floor`, and the farthest positive, or with SEMI the farthest negative.
fn extremes(anchor: Anchor, floor: f32) -> Joint {
  var own = nothing();
  for (var column = anchor.lane; column < params.rows; column += LANES) {
    let d = distanceTo(anchor, column);
    let negative = isNegative(anchor, column);
    if (negative && d > floor) {
      own = joined(own, Joint(d, column, LOWEST, NONE, 0u));
    }
    if (negative == SEMI && column != anchor.number) {
      own = joined(own, Joint(-LOWEST, NONE, d, column, 0u));
    }
  }
  return own;
}

fn addSlope(anchor: Anchor, column: u32, slope: f32) {
  // One lane owns a column, so that no two write it.
  if (column % LANES == anchor.lane && slope != 0.0) {
    slopes[at(anchor, column)] += slope;
  }
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let anchor = anchorOf(group, thread);
  let count = agreed(select(1u, max(anchor.size, 2u) - 1u, SEMI), thread);
  let factor = factorOf(anchor) / f32(count);
  if (GRADIENT) {
    storeAll(anchor, 0.0);
  }
  var own = nothing();
  own.height = heightOf(anchor);
  let isLost = !isFiniteBits(joinedLanes(own, thread).height);
  var value = 0.0;
  var p = NONE;
  for (var step = 0u; step < count; step++) {
    var floor = LOWEST;
    if (SEMI) {
      p = positiveAfter(anchor, p);
      p = select(p, 0u, p == NONE);  // an anchor without a positive, which is not counted
      floor = distanceTo(anchor, p);
    }
    let found = joinedLanes(extremes(anchor, floor), thread);
    var n = found.nearAt;
    if (SEMI) {
      n = select(n, found.farAt, n == NONE);
    } else {
      p = found.farAt;
    }
    if (anchor.isCounted && n != NONE && p != NONE) {
      let hinge = distanceTo(anchor, p) - distanceTo(anchor, n) + params.margin;
      value += max(hinge, 0.0);
      if (GRADIENT && isActive(hinge)) {
        addSlope(anchor, p, factor);
        addSlope(anchor, n, -factor);
      }
    }
  }
  if (GRADIENT && anchor.isCounted) {
    for (var column = anchor.lane; column < params.rows; column += LANES) {
      storeSlope(anchor, column, slopes[at(anchor, column)]);
    }
    if (isLost && factor != 0.0) {
      storeAll(anchor, bitcast<f32>(NAN_BITS | (params.rows >> 31u)));
    }
  }
  finish(anchor, value / f32(count), isLost);
}
