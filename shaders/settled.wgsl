// What rows bring to the denominators and to the status words, summed, and how it is settled:
// totals[segment] = 1 / (denominator * segments), 0 where there is nothing to divide by. Behind them lie the
// temperature and the sum of the class weights, so that the row kernels need no binding of their own for either.

struct Brought { denominator: f32, count: f32, outOfRange: u32, weight: f32 }

alias Part = Brought;

fn joined(a: Brought, b: Brought) -> Brought {
  return Brought(a.denominator + b.denominator, a.count + b.count, a.outOfRange + b.outOfRange,
    a.weight + b.weight);
}

// A lane's numbers are summed in chunks of 256: one running sum of 65 536 weights is 7e-5 off.
const CHUNK: u32 = 256u;

fn weightOfLane(lane: u32) -> f32 {
  var weight = 0.0;
  var part = 0.0;
  for (var turn = 0u; turn < ENDLESS; turn++) {
    let k = turn * LANES + lane;
    if (!WEIGHTED || k >= params.classes) {
      break;
    }
    part += classWeights[params.classWeightsStart + k];
    if (turn % CHUNK == CHUNK - 1u) {
      weight += part;
      part = 0.0;
    }
  }
  return weight + part;
}

fn settledSegment(segment: u32, given: Brought, constant: f32) -> Brought {
  var sum = given;
  if (TERM == 0u) {
    sum.denominator = constant;
  }
  let d = sum.denominator * f32(params.segments);
  totals[segment] = select(1.0 / d, 0.0, d == 0.0);
  return sum;
}

fn settleAll(all: Brought, degrees: f32) {
  totals[params.segments] = degrees;
  totals[params.segments + 1u] = all.weight;
  status[0] = bitcast<u32>(all.denominator);
  status[1] = bitcast<u32>(all.count);
  status[2] = all.outOfRange;
  status[3] = 0u;
  status[4] = 0u;
}
