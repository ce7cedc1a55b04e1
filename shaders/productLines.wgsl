// What a lane of `product.wgsl` holds of its tile: one row of each block, block after block, row by row. Of
// its four numbers the first is the lane's own column, and number n that of lane `lane ^ n`: the lanes turn
// columns of the right side round, a tenth of the cost of reading them. Each slot is named by a number that
// the compiler knows: that makes it a read of memory, where another index would be one for each lane.

const SLOTS: u32 = DOWN * ACROSS;

var<private> parts: array<vec4f, SLOTS>;  // sums over the part of depth at hand
var<private> sums: array<vec4f, SLOTS>;  // and over those before it
var<private> pulled: array<vec4f, SLOTS>;  // what the gradients are of

// Four depths of the lane's column of a block, and of its neighbours' columns.
struct Turned { own: vec4f, x: vec4f, y: vec4f, diagonal: vec4f }
// The same of four blocks side by side.
struct Columns { a: Turned, b: Turned, c: Turned, d: Turned }

// Columns in the lane's own order, or back in theirs.
fn turned(v: vec4f, lane: u32) -> vec4f {
  let pairs = select(v, v.yxwz, (lane & 1u) != 0u);
  return select(pairs, pairs.zwxy, (lane & 2u) != 0u);
}

fn meet(slot: u32, l: vec4f, r: Turned) {
  var x = vec4f();
  if (PULLS) {
    x = pulled[slot];
  }
  parts[slot] += vec4f(met(l, r.own, x.x), met(l, r.x, x.y), met(l, r.y, x.z), met(l, r.diagonal, x.w));
}

fn meetFour(slot: u32, l: vec4f, r: Columns) {
  meet(slot, l, r.a);
  meet(slot + 1u, l, r.b);
  meet(slot + 2u, l, r.c);
  meet(slot + 3u, l, r.d);
}

fn joinFour(slot: u32) {
  sums[slot] += parts[slot];
  sums[slot + 1u] += parts[slot + 1u];
  sums[slot + 2u] += parts[slot + 2u];
  sums[slot + 3u] += parts[slot + 3u];
}

fn joinSixteen(slot: u32) {
  joinFour(slot);
  joinFour(slot + 4u);
  joinFour(slot + 8u);
  joinFour(slot + 12u);
}
