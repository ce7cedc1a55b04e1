// Connectionist temporal classification, backwards in time: the log-probability of all ways out of
// each state, and the gradient, which is minus the posterior of each class in each frame. In a frame
// the posteriors of all states sum to 1, so that no constant of either direction matters.

@group(0) @binding(4) var<storage, read> into: array<f32>;  // (frames, sequences, states)
@group(0) @binding(5) var<storage, read> carry: array<u32>;  // (sequences, 4)
@group(0) @binding(6) var<storage, read_write> outOf: array<f32>;  // (sequences, 3, states) even and odd frames, shares
@group(0) @binding(7) var<storage, read_write> gradient: array<u32>;  // (frames, sequences, classes) bits of f32

fn placeOf(n: u32, plane: u32, state: u32) -> u32 {
  return (n * 3u + plane) * (2u * params.room + 1u) + state;
}

// All ways out of a state, its own frame not included.
fn waysOut(n: u32, s: Sequence, frame: u32, state: u32) -> f32 {
  if (frame + 1u == s.frames) {
    return select(LOWEST, 0.0, state + 2u >= 2u * s.count + 1u);
  }
  return outOf[placeOf(n, frame % 2u, state)];
}

fn through(n: u32, s: Sequence, frame: u32, state: u32) -> f32 {
  return emitted(waysOut(n, s, frame, state), emissionBits(n, frame, state));
}

fn joint(n: u32, s: Sequence, frame: u32, state: u32) -> f32 {
  let row = (frame - params.tableFrame) * params.sequences + n;
  let ahead = into[row * (2u * params.room + 1u) + state];
  let behind = waysOut(n, s, frame, state);
  return select(ahead + behind, LOWEST, isGone(ahead) || isGone(behind));
}

// The ways out of a state one frame earlier, measured from `peak`.
fn stepBack(n: u32, s: Sequence, frame: u32, state: u32, peak: f32) -> f32 {
  let states = 2u * s.count + 1u;
  var step = LOWEST;
  var skip = LOWEST;
  if (state + 1u < states) {
    step = through(n, s, frame, state + 1u);
  }
  if (state + 2u < states && skips(n, state + 2u)) {
    skip = through(n, s, frame, state + 2u);
  }
  return above(logSum(through(n, s, frame, state), step, skip), peak);
}

fn gradientPlace(n: u32, frame: u32, k: u32) -> u32 {
  let row = (frame - params.firstFrame) * params.sequences + n;
  return params.gradientStart + row * params.classes + k;
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let place = group.y * params.gridWidth + group.x;
  let n = min(place, params.sequences - 1u);
  let exists = place < params.sequences;
  let s = sequences[n];
  let flags = carry[n * 4u + 3u];
  let spoiled = (flags & HAS_NAN) != 0u || ((flags & IMPOSSIBLE) != 0u && !ZERO_INFINITY);
  let lives = exists && s.kind == VALID && s.gradientFactor != 0.0;
  let states = 2u * s.count + 1u;
  for (var left = params.frameCount; left > 0u; left--) {
    let frame = params.firstFrame + left - 1u;
    let inside = lives && frame < s.frames;
    let runs = inside && (flags & (HAS_NAN | IMPOSSIBLE)) == 0u;
    var own = vec2f(LOWEST);
    if (runs) {
      for (var state = lane; state < states; state += LANES) {
        own = max(own, vec2f(joint(n, s, frame, state), through(n, s, frame, state)));
      }
    }
    let peaks = highestOfLanes(own, lane);
    var part = vec2f(0.0);
    if (runs) {
      for (var state = lane; state < states; state += LANES) {
        let share = expBelow(joint(n, s, frame, state), peaks.x);
        outOf[placeOf(n, 2u, state)] = share;
        part += vec2f(share, select(0.0, share, state % 2u == 0u));
        if (frame > 0u) {
          outOf[placeOf(n, (frame + 1u) % 2u, state)] = stepBack(n, s, frame, state, peaks.y);
        }
      }
    }
    if (exists) {
      for (var k = lane; k < params.classes; k += LANES) {
        gradient[gradientPlace(n, frame, k)] = select(0u, NAN_BITS, inside && spoiled);
      }
    }
    storageBarrier();  // classes are overwritten, and shares read, by other lanes than wrote them
    let sums = sumOfLanes(part, lane);
    if (runs) {
      let scale = -s.gradientFactor / sums.x;
      if (lane == 0u) {
        gradient[gradientPlace(n, frame, params.blank)] = bitcast<u32>(scale * sums.y);
      }
      for (var i = lane; i < s.count; i += LANES) {
        let label = labels[n * params.room + i];
        if (label.repeated == 0u) {
          var share = 0.0;
          for (var at = i; at != NONE; at = labels[n * params.room + at].next) {
            share += outOf[placeOf(n, 2u, 2u * at + 1u)];
          }
          gradient[gradientPlace(n, frame, label.k)] = bitcast<u32>(scale * share);
        }
      }
    }
    storageBarrier();  // the shares are overwritten in the next frame
  }
}
