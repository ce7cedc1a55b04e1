// Cross-entropy, what a row comes to, or this workgroup's part of it: read here and now. Every lane of
// the workgroup must come here, rows or no rows.

struct Found { sums: Sums, labelBits: u32 }

fn foundIn(row: Row, thread: u32) -> Found {
  var found = Found(nothing(), 0u);
  if (row.counts) {
    found.labelBits = bitsAt(row, row.label);
    found.sums = scan(row, found.labelBits);
  }
  found.sums = joinedLanes(row, found.sums, thread);
  return found;
}
