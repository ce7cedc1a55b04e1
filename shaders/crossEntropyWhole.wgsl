// Cross-entropy, what a row comes to, or this workgroup's part of it: read here and now. Every lane of
// the workgroup must come here, rows or no rows.

struct Found { sums: Sums, label: Element, labelBits: u32 }

fn foundIn(row: Row, thread: u32) -> Found {
  let labelBits = bitsAt(row, select(0u, row.label, row.counts));
  let label = elementOfBits(row, labelBits);
  var sums = nothing();
  if (row.counts) {
    sums = scan(row, label, labelBits);
  }
  return Found(joinedLanes(row, sums, thread), label, labelBits);
}
