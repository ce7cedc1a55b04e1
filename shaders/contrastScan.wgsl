// Softmax losses on similarities, first pass: the peak of a line, then the sum of exponentials beside
// it. Two reads cost less than one that rescales its sum at every new peak.

@group(0) @binding(3) var<storage, read> similarities: array<f32>;  // (rowBlocks, columnBlocks, 4 rows, 4)
@group(0) @binding(5) var<storage, read_write> scans: array<u32>;  // (chunks, 6, lines)

const TRIPS: u32 = 64u;  // summed apart: one running sum would drift

fn blockAt(line: u32, block: u32) -> vec4f {
  if (TURNED) {
    let at = (block * params.stride + line / 4u) * 16u + line % 4u;
    return vec4f(similarities[at], similarities[at + 4u], similarities[at + 8u],
      similarities[at + 12u]);
  }
  let at = (line / 4u * params.stride + block) * 16u + line % 4u * 4u;
  return vec4f(similarities[at], similarities[at + 1u], similarities[at + 2u],
    similarities[at + 3u]);
}

fn sumOf(x: vec4f) -> f32 {
  return (x.x + x.y) + (x.z + x.w);
}

fn peakOf(line: Line, place: u32, begin: u32, end: u32, lane: u32) -> Scan {
  var scan = Scan(LOWEST, NONE, -1.0, 0.0, 0.0, 0u);
  var heights = vec4u(0u);
  for (var at = begin + lane; at < end; at += LANES) {
    var x = blockAt(place, at);
    let block = params.otherFirst + at;
    heights = max(heights, bitcast<vec4u>(x) & vec4u(0x7fffffffu));
    if (!isPlain(line, block, params.others)) {
      let hits = areHits(line, block) & areThere(line, block, params.others);
      scan.pull += sumOf(select(vec4f(0.0), x, hits));
      scan.count += sumOf(select(vec4f(0.0), vec4f(1.0), hits));
      x = select(vec4f(LOWEST), x, areCandidates(line, block, params.others));
    }
    let top = max(max(x.x, x.y), max(x.z, x.w));
    if (top > scan.peak) {
      scan.peak = top;
      let places = select(vec4u(NONE), numbersOf(block), x == vec4f(top));
      scan.first = min(min(places.x, places.y), min(places.z, places.w));
    }
  }
  scan.height = max(max(heights.x, heights.y), max(heights.z, heights.w));
  return scan;
}

fn restOf(line: Line, place: u32, scan: Scan, begin: u32, end: u32, lane: u32) -> f32 {
  let scale = exponent();
  var rest = 0.0;
  for (var chunk = begin + lane; chunk < end; chunk += TRIPS * LANES) {
    let stop = min(chunk + TRIPS * LANES, end);
    var part = vec4f(0.0);
    for (var at = chunk; at < stop; at += LANES) {
      let block = params.otherFirst + at;
      var e = exp2Safe((blockAt(place, at) - scan.peak) * scale);
      if (!isPlain(line, block, params.others) || scan.first / 4u == block) {
        let others = areCandidates(line, block, params.others) & (numbersOf(block) != vec4u(scan.first));
        e = select(vec4f(0.0), e, others);
      }
      part += e;
    }
    rest += sumOf(part);
  }
  return select(rest, -1.0, scan.first == NONE);
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let team = group.y * params.gridWidth + group.x;
  let place = team % params.ownBlocks * LINES + thread % LINES;
  let chunk = team / params.ownBlocks;
  let lane = thread / LINES;
  let begin = chunk * params.chunkBlocks;
  let end = min(begin + params.chunkBlocks, params.otherBlocks);
  let number = params.ownFirst * 4u + place;
  let line = lineOf(number);
  var scan = peakOf(line, place, begin, end, lane);
  scan.rest = restOf(line, place, scan, begin, end, lane);
  scan = joinedLanes(scan, thread);
  if (lane == 0u && begin < end) {
    let at = chunk * 6u * params.lines + number;
    if (params.joins != 0u) {
      scan = joined(Scan(bitcast<f32>(scans[at]), scans[at + params.lines],
        bitcast<f32>(scans[at + 2u * params.lines]), bitcast<f32>(scans[at + 3u * params.lines]),
        bitcast<f32>(scans[at + 4u * params.lines]), scans[at + 5u * params.lines]), scan);
    }
    scans[at] = bitcast<u32>(scan.peak);
    scans[at + params.lines] = scan.first;
    scans[at + 2u * params.lines] = bitcast<u32>(scan.rest);
    scans[at + 3u * params.lines] = bitcast<u32>(scan.pull);
    scans[at + 4u * params.lines] = bitcast<u32>(scan.count);
    scans[at + 5u * params.lines] = scan.height;
  }
}
