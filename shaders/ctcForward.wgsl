// Connectionist temporal classification, forwards in time: the probability of all ways into each
// state, and at a sequence's last frame its loss. A pass takes some frames of every sequence.

@group(0) @binding(4) var<storage, read_write> values: array<u32>;  // (sequences) bits of f32
@group(0) @binding(5) var<storage, read_write> into: array<f32>;  // (frames or 2, sequences, states, 2)
@group(0) @binding(6) var<storage, read_write> seen: array<u32>;  // (sequences) flags

fn placeOf(n: u32, frame: u32, state: u32) -> u32 {
  let slot = select(frame % 2u, frame - params.tableFrame, GRADIENT);
  let row = (slot * params.sequences + n) * (2u * params.room + 1u) + state;
  return params.intoStart + 2u * row;
}

fn wayAt(n: u32, frame: u32, state: u32) -> Wide {
  let at = placeOf(n, frame, state);
  return Wide(into[at], into[at + 1u]);
}

fn waysInto(n: u32, frame: u32, state: u32) -> Wide {
  let none = Wide(0.0, LOWEST_POWER);
  if (frame == 0u) {
    if (state < 2u) {
      return Wide(1.0, 0.0);
    }
    return none;
  }
  var stepped = none;
  var skipped = none;
  if (state > 0u) {
    stepped = wayAt(n, frame - 1u, state - 1u);
  }
  if (skips(n, state)) {
    skipped = wayAt(n, frame - 1u, state - 2u);
  }
  return sum(wayAt(n, frame - 1u, state), stepped, skipped);
}

// The probability of all alignments.
fn totalOf(n: u32, s: Sequence) -> Wide {
  let none = Wide(0.0, LOWEST_POWER);
  if (s.frames == 0u) {
    // Without frames only the empty sequence of labels is there.
    return Wide(select(0.0, 1.0, s.count == 0u), 0.0);
  }
  var before = none;
  if (s.count > 0u) {
    before = wayAt(n, s.frames - 1u, 2u * s.count - 1u);
  }
  return sum(wayAt(n, s.frames - 1u, 2u * s.count), before, none);
}

fn lossBits(s: Sequence, total: Wide, flags: u32) -> u32 {
  if (s.kind == WRONG || (flags & HAS_NAN) != 0u) {
    return NAN_BITS;
  }
  if (total.m == 0.0) {
    let infinite = select(INFINITY_BITS, MINUS_INFINITY_BITS, s.valueFactor < 0.0);
    return select(select(infinite, NAN_BITS, s.valueFactor == 0.0), 0u, ZERO_INFINITY);
  }
  return bitcast<u32>(-s.valueFactor * logOf(total));
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let place = group.y * params.gridWidth + group.x;
  let n = min(place, params.sequences - 1u);
  let s = sequences[n];
  let exists = place < params.sequences;
  let states = 2u * s.count + 1u;
  var spoiled = 0.0;
  for (var i = 0u; i < params.frameCount; i++) {
    let frame = params.firstFrame + i;
    if (exists && s.kind == VALID && frame < s.frames) {
      for (var state = lane; state < states; state += LANES) {
        let ways = waysInto(n, frame, state);
        let bits = emissionBits(n, frame, state);
        spoiled = select(spoiled, 1.0, isSpoiled(bits) && ways.m > 0.0);
        let way = product(ways, wideExp(bits));
        let at = placeOf(n, frame, state);
        into[at] = way.m;
        into[at + 1u] = way.power;
      }
    }
    storageBarrier();  // the next frame, and lane 0, read what all lanes wrote
  }
  let anySpoiled = highestOfLanes(spoiled, lane) > 0.0;
  if (lane == 0u && exists) {
    let end = params.firstFrame + params.frameCount;
    let begins = params.firstFrame == 0u;
    var flags = select(0u, HAS_NAN, anySpoiled);
    if (!begins) {
      flags |= seen[n];
    }
    if (s.kind == SKIPPED) {
      values[n] = 0u;
    } else if (s.kind == WRONG) {
      values[n] = NAN_BITS;
    } else if (s.frames <= end && (begins || s.frames > params.firstFrame)) {
      let total = totalOf(n, s);
      flags |= select(0u, IMPOSSIBLE, total.m == 0.0);
      values[n] = lossBits(s, total, flags);
    }
    seen[n] = flags;
  }
}
