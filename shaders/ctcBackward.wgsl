// Connectionist temporal classification, backwards in time: the probability of all ways out of each
// state, and the gradient, which is minus the posterior of each class in each frame. The posteriors
// of a frame's states sum to 1, and are divided by their own sum.

@group(0) @binding(4) var<storage, read> into: array<f32>;  // (frames, sequences, states, 2)
@group(0) @binding(5) var<storage, read> seen: array<u32>;  // (sequences) flags
@group(0) @binding(6) var<storage, read_write> outOf: array<f32>;  // (sequences, 3, states, 2) even, odd frames, shares
@group(0) @binding(7) var<storage, read_write> gradient: array<u32>;  // (frames, sequences, classes) bits of f32

fn placeOf(n: u32, plane: u32, state: u32) -> u32 {
  return 2u * ((n * 3u + plane) * (2u * params.room + 1u) + state);
}

// All ways out of a state, its own frame not included.
fn waysOut(n: u32, s: Sequence, frame: u32, state: u32) -> Wide {
  if (frame + 1u == s.frames) {
    if (state + 2u >= 2u * s.count + 1u) {
      return Wide(1.0, 0.0);
    }
    return Wide(0.0, LOWEST_POWER);
  }
  let at = placeOf(n, frame % 2u, state);
  return Wide(outOf[at], outOf[at + 1u]);
}

fn through(n: u32, s: Sequence, frame: u32, state: u32) -> Wide {
  return product(waysOut(n, s, frame, state), wideExp(emissionBits(n, frame, state)));
}

fn joint(n: u32, s: Sequence, frame: u32, state: u32) -> Wide {
  let row = (frame - params.tableFrame) * params.sequences + n;
  let at = params.intoStart + 2u * (row * (2u * params.room + 1u) + state);
  return product(Wide(into[at], into[at + 1u]), waysOut(n, s, frame, state));
}

// All ways out of a state one frame earlier.
fn stepBack(n: u32, s: Sequence, frame: u32, state: u32) -> Wide {
  let states = 2u * s.count + 1u;
  var stepped = Wide(0.0, LOWEST_POWER);
  var skipped = stepped;
  if (state + 1u < states) {
    stepped = through(n, s, frame, state + 1u);
  }
  if (state + 2u < states && skips(n, state + 2u)) {
    skipped = through(n, s, frame, state + 2u);
  }
  return sum(through(n, s, frame, state), stepped, skipped);
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
  let flags = seen[n];
  let spoiled = (flags & HAS_NAN) != 0u || ((flags & IMPOSSIBLE) != 0u && !ZERO_INFINITY);
  let lives = exists && s.kind == VALID && s.gradientFactor != 0.0;
  let states = 2u * s.count + 1u;
  for (var left = params.frameCount; left > 0u; left--) {
    let frame = params.firstFrame + left - 1u;
    let inside = lives && frame < s.frames;
    let runs = inside && (flags & (HAS_NAN | IMPOSSIBLE)) == 0u;
    var power = LOWEST_POWER;
    if (runs) {
      for (var state = lane; state < states; state += LANES) {
        power = max(power, joint(n, s, frame, state).power);
      }
    }
    power = highestOfLanes(power, lane);
    var part = vec2f(0.0);
    if (runs) {
      for (var state = lane; state < states; state += LANES) {
        let posterior = joint(n, s, frame, state);
        let share = lowered(posterior.m, posterior.power - power);
        outOf[placeOf(n, 2u, state)] = share;
        part += vec2f(share, select(0.0, share, state % 2u == 0u));
        if (frame > 0u) {
          let before = stepBack(n, s, frame, state);
          let at = placeOf(n, (frame + 1u) % 2u, state);
          outOf[at] = before.m;
          outOf[at + 1u] = before.power;
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
