// A product goes where its rows are, productStride fours to each. BIASED adds a number per column: not to the
// rows that fill the last block, where an infinite one would meet the zeros of the other side.

@group(0) @binding(5) var<storage, read> bias: array<f32>;  // (biasColumns)

fn biasAt(column: u32) -> f32 {
  return select(0.0, bias[params.biasStart + min(column, params.biasColumns - 1u)],
    column < params.biasColumns);
}

// Stores row `q` of a block of the product.
fn storeRow(item: u32, row: u32, column: u32, q: u32, sum: vec4f) {
  if (row < params.rowBlocks && column < params.columnBlocks) {
    let line = 4u * row + q;
    let at = params.productFirst + item * params.productItem + line * params.productStride + column;
    var four = sum;
    if (BIASED) {
      if (line < params.biasRows) {
        let k = 4u * column;
        four += vec4f(biasAt(k), biasAt(k + 1u), biasAt(k + 2u), biasAt(k + 3u));
      }
    }
    if (ACCUMULATE) {
      four += product[at / 4u][at % 4u];
    }
    product[at / 4u][at % 4u] = four;
  }
}
