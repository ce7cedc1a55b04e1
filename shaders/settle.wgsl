// Settles the denominators: totals[segment] = 1 / (denominator * segments), 0 where there is
// nothing to divide by. Behind them lie the temperature and the sum of the class weights, so that
// the row kernels need no binding of their own for either.

@group(0) @binding(1) var<storage, read> partials: array<u32>;  // (segments * blocksPerSegment, 3)
@group(0) @binding(2) var<storage, read> denominator: array<f32>;  // (1)
@group(0) @binding(3) var<storage, read> temperature: array<f32>;  // (1)
@group(0) @binding(4) var<storage, read> classWeights: array<f32>;  // (classes)
@group(0) @binding(5) var<storage, read_write> totals: array<f32>;  // (segments, 2 more)
@group(0) @binding(6) var<storage, read_write> status: array<u32>;  // (5)

// A lane's numbers are summed in chunks of 256: one running sum of 65 536 weights is 7e-5 off, and some software
// adapters stop a loop after 65 535 trips.
const CHUNK: u32 = LANES * 256u;

struct Settled { denominator: f32, count: f32, outOfRange: u32, weight: f32 }

alias Part = Settled;

fn joined(a: Settled, b: Settled) -> Settled {
  return Settled(a.denominator + b.denominator, a.count + b.count, a.outOfRange + b.outOfRange,
    a.weight + b.weight);
}

fn settle(segment: u32) -> Settled {
  var sum = Settled(0.0, 0.0, 0u, 0.0);
  let first = segment * params.blocksPerSegment;
  let last = first + params.blocksPerSegment;
  // In chunks here too: one running sum over the blocks of 200 000 rows is 8e-6 off.
  for (var chunk = first; chunk < last; chunk += 64u) {
    var part = Settled(0.0, 0.0, 0u, 0.0);
    for (var block = chunk; block < min(chunk + 64u, last); block++) {
      let at = block * 3u;
      part = joined(part, Settled(bitcast<f32>(partials[at]), bitcast<f32>(partials[at + 1u]),
        partials[at + 2u], 0.0));
    }
    sum = joined(sum, part);
  }
  if (TERM == 0u) {
    sum.denominator = params.denominator;
    if (DENOMINATOR_TENSOR) {
      sum.denominator = denominator[params.denominatorStart];
    }
  }
  let d = sum.denominator * f32(params.segments);
  totals[segment] = select(1.0 / d, 0.0, d == 0.0);
  return sum;
}

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) lane: u32) {
  var sum = Settled(0.0, 0.0, 0u, 0.0);
  for (var chunk = 0u; chunk < params.segments; chunk += CHUNK) {
    var part = Settled(0.0, 0.0, 0u, 0.0);
    let stop = min(chunk + CHUNK, params.segments);
    for (var segment = chunk + lane; segment < stop; segment += LANES) {
      part = joined(part, settle(segment));
    }
    sum = joined(sum, part);
  }
  var weight = 0.0;
  if (WEIGHTED) {
    for (var chunk = 0u; chunk < params.classes; chunk += CHUNK) {
      var part = 0.0;
      let stop = min(chunk + CHUNK, params.classes);
      for (var k = chunk + lane; k < stop; k += LANES) {
        part += classWeights[params.classWeightsStart + k];
      }
      weight += part;
    }
  }
  sum.weight = weight;
  let all = sumOfLanes(lane, sum);
  if (lane == 0u) {
    totals[params.segments] = params.temperature;
    if (TEMPERATURE_TENSOR) {
      totals[params.segments] = temperature[params.temperatureStart];
    }
    totals[params.segments + 1u] = all.weight;
    status[0] = bitcast<u32>(all.denominator);
    status[1] = bitcast<u32>(all.count);
    status[2] = all.outOfRange;
    status[3] = 0u;
    status[4] = 0u;
  }
}
