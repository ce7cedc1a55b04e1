// All triplets of an anchor: the mean hinge over every positive with every negative. Each lane has
// its share of the columns; a column's slope is its own count of active triplets.

struct Joint { value: f32, height: u32 }

fn joined(a: Joint, b: Joint) -> Joint {
  return Joint(a.value + b.value, max(a.height, b.height));
}

struct Column { value: f32, slope: f32 }

fn asPositive(anchor: Anchor, column: u32) -> Column {
  let near = distanceTo(anchor, column) + params.margin;
  var found = Column(0.0, 0.0);
  for (var other = 0u; other < params.rows; other++) {
    let hinge = near - distanceTo(anchor, other);
    if (isNegative(anchor, other) && isActive(hinge)) {
      found.value += hinge;
      found.slope += 1.0;
    }
  }
  return found;
}

fn asNegative(anchor: Anchor, column: u32) -> f32 {
  let far = distanceTo(anchor, column) - params.margin;
  var slope = 0.0;
  for (var p = positiveAfter(anchor, NONE); p != NONE; p = positiveAfter(anchor, p)) {
    slope -= select(0.0, 1.0, isActive(distanceTo(anchor, p) - far));
  }
  return slope;
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let anchor = anchorOf(group, thread);
  var own = Joint(0.0, 0u);
  let triplets = f32(anchor.size - 1u) * f32(params.rows - anchor.size);
  let factor = factorOf(anchor) / max(triplets, 1.0);
  if (GRADIENT) {
    storeAll(anchor, 0.0);
  }
  if (anchor.isCounted) {
    own.height = heightOf(anchor);
    for (var column = anchor.lane; column < params.rows; column += LANES) {
      var slope = 0.0;
      if (isNegative(anchor, column)) {
        if (GRADIENT) {
          slope = asNegative(anchor, column);
        }
      } else if (column != anchor.number) {
        let found = asPositive(anchor, column);
        own.value += found.value;
        slope = found.slope;
      }
      if (GRADIENT && factor != 0.0) {
        storeSlope(anchor, column, factor * slope);
      }
    }
  }
  let whole = joinedLanes(own, thread);
  let isLost = !isFiniteBits(whole.height);
  if (GRADIENT && isLost && factor != 0.0) {
    storeAll(anchor, bitcast<f32>(NAN_BITS | (params.rows >> 31u)));
  }
  finish(anchor, whole.value / max(triplets, 1.0), isLost);
}
