// Losses and their weights to one total and to shares of it: one workgroup, for they are few.

@group(0) @binding(1) var<storage, read> losses: array<u32>;  // (terms) bits of f32
@group(0) @binding(2) var<storage, read> weights: array<f32>;  // (terms)
@group(0) @binding(3) var<storage, read> upstream: array<f32>;  // (1)
@group(0) @binding(4) var<storage, read_write> results: array<u32>;  // (1 + terms) the total, the shares
@group(0) @binding(5) var<storage, read_write> status: array<u32>;  // (5)
@group(0) @binding(6) var<storage, read_write> gradient: array<f32>;  // (terms)
@group(0) @binding(7) var<storage, read_write> weightsGradient: array<u32>;  // (terms) bits of f32

fn weightAt(k: u32) -> f32 {
  if (WEIGHTED) {
    return weights[params.weightsStart + k];
  }
  return 1.0;
}

// factor * x where x may be no number: told from its bits.
fn scaledBits(factor: f32, bits: u32) -> u32 {
  if (isFiniteBits(bits)) {
    return bitcast<u32>(factor * bitcast<f32>(bits));
  }
  if (isNanBits(bits) || factor == 0.0) {
    return NAN_BITS;
  }
  return select(bits, bits ^ 0x80000000u, factor < 0.0);
}

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) lane: u32) {
  var own = nothing();
  for (var k = lane; k < params.terms; k += LANES) {
    own = joined(own, summand(scaledBits(weightAt(k), losses[params.lossesStart + k])));
  }
  let sum = sumOfLanes(lane, own);
  let total = bitsOf(sum);
  var factor = params.upstream;
  if (UPSTREAM) {
    factor = upstream[params.upstreamStart];
  }
  for (var k = lane; k < params.terms; k += LANES) {
    let bits = losses[params.lossesStart + k];
    var share = 0u;
    if (!isFiniteBits(total)) {
      let part = scaledBits(weightAt(k), bits);
      let lost = isNanBits(total) || !isFiniteBits(part);
      share = select(0u, NAN_BITS, lost);
    } else if (bitcast<f32>(total) != 0.0) {
      share = bitcast<u32>(weightAt(k) * bitcast<f32>(bits) / bitcast<f32>(total));
    }
    results[1u + k] = share;
    if (GRADIENT) {
      gradient[k] = factor * weightAt(k);
    }
    if (WEIGHTS_GRADIENT) {
      weightsGradient[k] = select(scaledBits(factor, bits), 0u, factor == 0.0);
    }
  }
  if (lane == 0u) {
    results[0] = total;
    status[0] = bitcast<u32>(1.0);
    status[1] = bitcast<u32>(f32(params.terms));
    status[2] = 0u;
    status[3] = sum.nonFinite;
    status[4] = 0u;
  }
}
