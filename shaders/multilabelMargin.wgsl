// The multi-label margin loss: every listed class against every class that is not listed. First the
// lists become counts of each class, by integers, whose sum knows no order; then each lane takes its
// classes: one that is not listed meets the list, a listed one meets all that are not.

@group(0) @binding(2) var<storage, read> second: array<u32>;  // (rows, classes) labels, -1 ends a list
@group(0) @binding(6) var<storage, read_write> listed: array<atomic<u32>>;  // (rows, classes)
@group(0) @binding(7) var<storage, read_write> gradient: array<u32>;  // (rows, classes) bits of f32
@group(0) @binding(8) var<storage, read_write> status: array<atomic<u32>>;  // (5)

const NO_LABEL: u32 = 0xffffffffu;

// Per row of the workgroup: the labels behind the end of its list, and those that are no classes.
var<workgroup> unused: array<atomic<u32>, ROWS>;
var<workgroup> wrong: array<atomic<u32>, ROWS>;

struct Met { value: f32, pairs: u32, flags: u32 }

// A label as a class, NO_LABEL at the end of a list, or a number that is no class.
fn labelAt(place: u32) -> u32 {
  let at = params.secondStart + place * LABEL_WORDS;
  let low = second[at];
  if (LABEL_WORDS == 2u && second[at + 1u] != select(0u, NO_LABEL, low == NO_LABEL)) {
    return params.classes;
  }
  return low;
}

fn countLists(row: Row, slot: u32) {
  if (row.counts) {
    for (var begin = 0u; begin < params.classes; begin += BLOCK) {
      let end = min(begin + BLOCK, params.classes);
      for (var k = begin + row.lane; k < end; k += LANES) {
        atomicStore(&listed[row.base + k], 0u);
        if (labelAt(row.base + k) == NO_LABEL) {
          atomicMax(&unused[slot], params.classes - k);
        }
      }
    }
  }
  storageBarrier();  // a count must not be cleared after another lane has raised it
  workgroupBarrier();  // the list's end is known once all lanes have looked
  let length = params.classes - atomicLoad(&unused[slot]);
  if (row.counts) {
    for (var begin = 0u; begin < length; begin += BLOCK) {
      let end = min(begin + BLOCK, length);
      for (var at = begin + row.lane; at < end; at += LANES) {
        let label = labelAt(row.base + at);
        if (label < params.classes) {
          atomicAdd(&listed[row.base + label], 1u);
        } else {
          atomicAdd(&wrong[slot], 1u);
          atomicAdd(&status[2], 1u);
        }
      }
    }
  }
  storageBarrier();  // the counts are read by all lanes from here on
  workgroupBarrier();
}

fn meeting(met: Met, other: u32, own: u32) -> Met {
  let point = marginPoint(other, own, false);
  if (point.broken) {
    return Met(met.value, met.pairs, met.flags | HAS_NAN);
  }
  let part = 1.0 + point.p;
  if (part <= 0.0) {
    return met;
  }
  let flags = infiniteFlags(part);
  return Met(met.value + select(part, 0.0, flags != 0u), met.pairs + 1u, met.flags | flags);
}

// A class that is not listed, against every label of the list.
fn meetList(row: Row, k: u32, length: u32) -> Met {
  var met = Met(0.0, 0u, 0u);
  let bits = firstBits(row.base + k);
  for (var begin = 0u; begin < length; begin += 64u) {
    var part = Met(0.0, 0u, 0u);
    for (var at = begin; at < min(begin + 64u, length); at++) {
      part = meeting(part, bits, firstBits(row.base + labelAt(row.base + at)));
    }
    met = Met(met.value + part.value, met.pairs + part.pairs, met.flags | part.flags);
  }
  return met;
}

// A listed class, against every class that is not; its value is counted on the other side.
fn meetOthers(row: Row, k: u32) -> Met {
  var met = Met(0.0, 0u, 0u);
  let own = firstBits(row.base + k);
  for (var begin = 0u; begin < params.classes; begin += 64u) {
    for (var c = begin; c < min(begin + 64u, params.classes); c++) {
      if (atomicLoad(&listed[row.base + c]) == 0u) {
        met = meeting(met, firstBits(row.base + c), own);
      }
    }
  }
  return Met(0.0, met.pairs * atomicLoad(&listed[row.base + k]), met.flags & HAS_NAN);
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let row = rowAt(group, thread);
  let slot = thread / LANES;
  countLists(row, slot);
  let length = params.classes - atomicLoad(&unused[slot]);
  let valid = row.counts && atomicLoad(&wrong[slot]) == 0u;
  var sums = noSums();
  if (row.exists) {
    for (var begin = 0u; begin < params.classes; begin += BLOCK) {
      let end = min(begin + BLOCK, params.classes);
      var block = noSums();
      for (var k = begin + row.lane; k < end; k += LANES) {
        var bits = 0u;
        if (valid) {
          let isListed = atomicLoad(&listed[row.base + k]) > 0u;
          var met = Met(0.0, 0u, 0u);
          if (isListed && GRADIENT) {
            met = meetOthers(row, k);
          } else if (!isListed) {
            met = meetList(row, k, length);
          }
          block = addedSums(block, Sums(met.value, 0.0, 0.0, met.flags));
          let slope = row.gradientFactor * params.share * f32(met.pairs);
          bits = select(bitcast<u32>(select(slope, -slope, isListed)), NAN_BITS,
            (met.flags & HAS_NAN) != 0u && row.gradientFactor != 0.0);
        }
        if (GRADIENT) {
          gradient[params.gradientStart + row.base + k] = bits;
        }
      }
      sums = addedSums(sums, block);
    }
  }
  sums = joinedSums(sums, thread);
  if (row.exists && row.lane == 0u) {
    reportRow(row, sums.value, sums.flags | select(0u, HAS_NAN, row.counts && !valid), params.share);
  }
}
