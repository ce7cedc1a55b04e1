// A product goes where its blocks are. With SCALED a product of two rows is divided by their lengths once
// it is summed.

@group(0) @binding(5) var<storage, read> leftInverses: array<vec4f>;  // (all rowBlocks) 1 / lengths
@group(0) @binding(6) var<storage, read> rightInverses: array<vec4f>;  // (all columnBlocks) 1 / lengths

// Stores row `q` of a block of the product.
fn storeRow(item: u32, row: u32, column: u32, q: u32, sum: vec4f) {
  if (row < params.rowBlocks && column < params.columnBlocks) {
    let at = params.productFirst + item * params.productItem + row * params.productStride + column;
    var line = sum;
    if (SCALED) {
      // Lengths first: a set against itself then has the same bits at (i, j) and (j, i).
      line *= leftInverses[params.leftLine + item * params.rowBlocks + row][q]
        * rightInverses[params.rightLine + item * params.columnBlocks + column];
    }
    if (ACCUMULATE) {
      line += product[at][q];
    }
    product[at][q] = line;
  }
}
