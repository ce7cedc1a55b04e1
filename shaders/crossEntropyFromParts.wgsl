// Cross-entropy, what a row comes to: its parts, which a pass before has left, joined in their order. The
// label's bits come from there too: another part may have its gradient written over them by now.

@group(0) @binding(12) var<storage, read> parts: array<u32>;  // (rows, parts, 8) sums, label's bits

struct Found { sums: Sums, label: Element, labelBits: u32 }

fn partAt(at: u32) -> Sums {
  return Sums(bitcast<f32>(parts[at]), bitcast<f32>(parts[at + 1u]), bitcast<f32>(parts[at + 2u]),
    bitcast<f32>(parts[at + 3u]), bitcast<f32>(parts[at + 4u]), bitcast<f32>(parts[at + 5u]),
    parts[at + 6u]);
}

fn foundIn(row: Row, thread: u32) -> Found {
  let begin = (row.index - params.rowStart) * params.parts * 8u;
  var sums = nothing();
  for (var part = row.lane; part < params.parts; part += LANES) {
    sums = joined(row, sums, partAt(begin + 8u * part));
  }
  let labelBits = parts[begin + 7u];
  return Found(joinedLanes(row, sums, thread), elementOfBits(row, labelBits), labelBits);
}
