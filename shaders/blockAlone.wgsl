// A line of the right side and those of the other three lanes, as each lane reads them by itself.

fn turnedAt(at: u32, lane: u32) -> Turned {
  return Turned(rightLine(at, lane), rightLine(at, lane ^ 1u), rightLine(at, lane ^ 2u),
    rightLine(at, lane ^ 3u));
}
