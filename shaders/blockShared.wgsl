// A line of the right side, which a lane reads, and those that the other three lanes have read.

fn turnedAt(at: u32, lane: u32) -> Turned {
  let line = rightLine(at, lane);
  return Turned(line, quadSwapX(line), quadSwapY(line), quadSwapDiagonal(line));
}
