// Connectionist temporal classification, forwards in time: the log-probability of all ways into each
// state, and at a sequence's last frame its loss. A pass takes some frames of every sequence.

@group(0) @binding(4) var<storage, read_write> values: array<u32>;  // (sequences) bits of f32
@group(0) @binding(5) var<storage, read_write> into: array<f32>;  // (frames or 2, sequences, states)
@group(0) @binding(6) var<storage, read_write> carry: array<u32>;  // (sequences, 4)

// What leads from frame to frame: the last frame's peak, the sum of all before it, in two parts so
// that it keeps its digits, and what was seen.
struct Carry { peak: f32, recent: f32, total: f32, flags: u32 }

fn carried(n: u32) -> Carry {
  if (params.firstFrame == 0u) {
    return Carry(0.0, 0.0, 0.0, 0u);
  }
  let at = n * 4u;
  return Carry(bitcast<f32>(carry[at]), bitcast<f32>(carry[at + 1u]), bitcast<f32>(carry[at + 2u]),
    carry[at + 3u]);
}

fn place(n: u32, frame: u32, state: u32) -> u32 {
  let slot = select(frame % 2u, frame - params.tableFrame, GRADIENT);
  return (slot * params.sequences + n) * (2u * params.room + 1u) + state;
}

fn waysInto(n: u32, frame: u32, state: u32, peak: f32) -> f32 {
  if (frame == 0u) {
    return select(LOWEST, 0.0, state < 2u);
  }
  let stay = above(into[place(n, frame - 1u, state)], peak);
  var step = LOWEST;
  var skip = LOWEST;
  if (state > 0u) {
    step = above(into[place(n, frame - 1u, state - 1u)], peak);
  }
  if (skips(n, state)) {
    skip = above(into[place(n, frame - 1u, state - 2u)], peak);
  }
  return logSum(stay, step, skip);
}

// Minus the log of the probability of all alignments, as bits.
fn lossBits(n: u32, s: Sequence, last: vec2f, c: Carry) -> u32 {
  var total = logSum(last.x, last.y, LOWEST);
  var flags = c.flags;
  if (s.frames == 0u) {
    // Without frames only the empty sequence of labels is there.
    total = select(LOWEST, 0.0, s.count == 0u);
  }
  if ((flags & HAS_NAN) != 0u || s.kind == WRONG) {
    return NAN_BITS;
  }
  if (isGone(total)) {
    let infinite = select(INFINITY_BITS, MINUS_INFINITY_BITS, s.valueFactor < 0.0);
    return select(select(infinite, NAN_BITS, s.valueFactor == 0.0), 0u, ZERO_INFINITY);
  }
  return bitcast<u32>(-s.valueFactor * (c.total + (c.recent + total)));
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let place0 = group.y * params.gridWidth + group.x;
  let n = min(place0, params.sequences - 1u);
  let s = sequences[n];
  let lives = s.kind == VALID && place0 < params.sequences;
  let states = 2u * s.count + 1u;
  var c = carried(n);
  var last = vec2f(LOWEST);
  for (var i = 0u; i < params.frameCount; i++) {
    let frame = params.firstFrame + i;
    let runs = lives && frame < s.frames;
    var own = vec2f(LOWEST, 0.0);
    if (runs) {
      for (var state = lane; state < states; state += LANES) {
        let ways = waysInto(n, frame, state, c.peak);
        let bits = emissionBits(n, frame, state);
        own.y = max(own.y, select(0.0, 1.0, isSpoiled(bits) && !isGone(ways)));
        let log = emitted(ways, bits);
        into[place(n, frame, state)] = log;
        own.x = max(own.x, log);
      }
    }
    storageBarrier();  // the next frame, and lane 0, read what all lanes wrote
    let high = highestOfLanes(own, lane);
    if (runs) {
      c.flags |= select(0u, HAS_NAN, high.y > 0.0);
      if (frame + 1u == s.frames) {
        last.x = into[place(n, frame, states - 1u)];
        if (states > 1u) {
          last.y = into[place(n, frame, states - 2u)];
        }
        c.flags |= select(0u, IMPOSSIBLE, isGone(max(last.x, last.y)));
      } else {
        c.peak = high.x;
        c.recent += select(high.x, 0.0, isGone(high.x));
        if (frame % 64u == 63u) {
          c.total += c.recent;
          c.recent = 0.0;
        }
      }
    }
  }
  if (lane == 0u && place0 < params.sequences) {
    let end = params.firstFrame + params.frameCount;
    let begins = params.firstFrame == 0u;
    if ((begins && s.frames == 0u) || (s.frames > params.firstFrame && s.frames <= end)) {
      values[n] = select(lossBits(n, s, last, c), 0u, s.kind == SKIPPED);
    } else if (begins && s.kind != VALID) {
      values[n] = select(NAN_BITS, 0u, s.kind == SKIPPED);
    }
    let at = n * 4u;
    carry[at] = bitcast<u32>(c.peak);
    carry[at + 1u] = bitcast<u32>(c.recent);
    carry[at + 2u] = bitcast<u32>(c.total);
    carry[at + 3u] = c.flags;
  }
}
