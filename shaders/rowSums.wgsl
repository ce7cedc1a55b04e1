// Row losses, what is added up over the classes of a row.

struct Sums { value: f32, slope: f32, slopeAgainst: f32, flags: u32 }

fn noSums() -> Sums {
  return Sums(0.0, 0.0, 0.0, 0u);
}

fn addedSums(a: Sums, b: Sums) -> Sums {
  return Sums(a.value + b.value, a.slope + b.slope, a.slopeAgainst + b.slopeAgainst,
    a.flags | b.flags);
}
