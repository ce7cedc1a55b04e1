// A mask in any storage format. The kernel declares `mask` and the param `maskStart`.

const MASK_F32: u32 = 1u;
const MASK_F16: u32 = 2u;
const MASK_BF16: u32 = 3u;
const MASK_I32: u32 = 4u;
const MASK_U32: u32 = 5u;
const MASK_I64: u32 = 6u;

fn maskAt(place: u32) -> f32 {
  let at = params.maskStart + place;
  var value = 1.0;
  if (MASKED == MASK_F32) {
    value = bitcast<f32>(mask[at]);
  } else if (MASKED == MASK_F16 || MASKED == MASK_BF16) {
    let half = (mask[at / 2u] >> (at % 2u * 16u)) & 0xffffu;
    value = bitcast<f32>(select(bf16ToBits(half), f16ToBits(half), MASKED == MASK_F16));
  } else if (MASKED == MASK_I32) {
    value = f32(bitcast<i32>(mask[at]));
  } else if (MASKED == MASK_U32) {
    value = f32(mask[at]);
  } else if (MASKED == MASK_I64) {
    value = f32(bitcast<i32>(mask[2u * at + 1u])) * 4294967296.0 + f32(mask[2u * at]);
  }
  return value;
}
