// One number that lies somewhere, put where the others are.

@group(0) @binding(1) var<storage, read> term: array<u32>;  // (1) bits of f32
@group(0) @binding(2) var<storage, read_write> stacked: array<u32>;  // (terms)

@compute @workgroup_size(1)
fn main() {
  stacked[params.at] = term[params.termStart];
}
