// Goes over the elements once: stores losses and gradients, and leaves one sum for each block. Where
// 16-bit inputs are overwritten, a lane owns a whole word, so that no word has two writers.

fn visit(i: u32) -> Element {
  if (i >= params.count) {
    return Element(0u, vec4u(0u), false);
  }
  let element = elementAt(i);
  keep(i, element);
  return element;
}

fn termOf(i: u32, element: Element) -> Sum {
  if (!element.counts) {
    return nothing();
  }
  var term = summand(element.value);
  if (SEGMENTED) {
    term.value *= shareOf(i);
  }
  return term;
}

fn visitUnit(unit: u32) -> Sum {
  if (!PAIRED) {
    return termOf(unit, visit(unit));
  }
  // The low half may lie before the first element (i wraps then), the high one behind the last.
  let i = unit * 2u - oddness();
  let low = visit(i);
  let high = visit(i + 1u);
  keepWord(unit, vec2<bool>(i < params.count, i + 1u < params.count), low, high);
  return joined(termOf(i, low), termOf(i + 1u, high));
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let block = group.y * params.gridWidth + group.x;
  let begin = block * params.block;
  let units = select(params.count, (params.count + oddness() + 1u) / 2u, PAIRED);
  let end = min(begin + params.block, units);
  var own = nothing();
  // Chunks of 32 a lane: one running sum over a whole block drifts by 1e-5.
  for (var chunk = begin; chunk < end; chunk += LANES * 32u) {
    var part = nothing();
    let stop = min(chunk + LANES * 32u, end);
    for (var unit = chunk + lane; unit < stop; unit += LANES) {
      part = joined(part, visitUnit(unit));
    }
    own = joined(own, part);
  }
  let sum = sumOfLanes(lane, own);
  if (lane == 0u && block < params.blocks) {
    keepSum(params.firstBlock + block, sum);
  }
}
