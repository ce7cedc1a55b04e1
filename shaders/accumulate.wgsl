// One more part to a running sum and count, and what they come to: one invocation.

@group(0) @binding(1) var<storage, read> sum: array<u32>;  // (1) bits of f32
@group(0) @binding(2) var<storage, read> count: array<f32>;  // (1)
@group(0) @binding(3) var<storage, read> added: array<u32>;  // (5) status words of what is added
@group(0) @binding(4) var<storage, read> before: array<u32>;  // (3) the sum, the count, parts that are no use
@group(0) @binding(5) var<storage, read_write> state: array<u32>;  // (5) the same three after it, the loss, the factor
@group(0) @binding(6) var<storage, read_write> status: array<u32>;  // (5)

@compute @workgroup_size(1)
fn main() {
  let all = joined(summand(before[params.beforeStart]), summand(sum[params.sumStart]));
  let counted = bitcast<f32>(before[params.beforeStart + 1u]) + count[params.countStart];
  // Divided before it came here, or with labels outside the classes: said at the first read.
  let divided = added[params.addedStart] != bitcast<u32>(1.0);
  let useless = divided || added[params.addedStart + 2u] != 0u;
  let wrong = before[params.beforeStart + 2u] + select(0u, 1u, useless);
  let total = bitsOf(all);
  var loss = total;
  if (counted == 0.0) {
    loss = params.emptyBits;
  } else if (isFiniteBits(total)) {
    loss = bitcast<u32>(bitcast<f32>(total) / counted);
  }
  state[0] = total;
  state[1] = bitcast<u32>(counted);
  state[2] = wrong;
  state[3] = loss;
  state[4] = bitcast<u32>(select(1.0 / counted, 0.0, counted == 0.0));
  status[0] = bitcast<u32>(counted);
  status[1] = bitcast<u32>(counted);
  status[2] = wrong;
  status[3] = select(1u, 0u, isFiniteBits(total));
  status[4] = 0u;
}
