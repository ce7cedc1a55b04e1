/**
 * How a tensor is stretched over a larger shape: extents by turns, innermost first. The first of each pair is an axis
 * along which it repeats, the second one along which it has numbers of its own; neighbours of a kind are one.
 */
export type Stretch = readonly number[];

/** The shape that all shapes stretch to by NumPy's rules; undefined where two extents disagree. */
export function broadcastShape(shapes: readonly (readonly number[])[]): number[] | undefined {
  const rank = Math.max(0, ...shapes.map(({ length }) => length));
  const out = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    for (const [index, extent] of shape.entries()) {
      const axis = rank - shape.length + index;
      if (extent === 1 || extent === out[axis]) continue;
      if (out[axis] !== 1) return undefined;
      out[axis] = extent;
    }
  }
  return out;
}

/** How `small` lies in `large`, whose shape it broadcasts to; undefined where the two are the same. */
export function stretchOf(large: readonly number[], small: readonly number[]): Stretch | undefined {
  const pairs: [repeated: number, own: number][] = [[1, 1]];
  for (let back = 1; back <= large.length; back++) {
    const extent = large[large.length - back] as number;
    const own = small[small.length - back] === extent;
    const last = pairs.at(-1) as [number, number];
    if (extent === 1) continue;
    if (own) last[1] *= extent;
    else if (last[1] === 1) last[0] *= extent;
    else pairs.push([extent, 1]);
  }
  return pairs.length === 1 && pairs[0]?.[0] === 1 ? undefined : pairs.flat();
}

/** Where the element of the large tensor at `index` lies in the small one. */
export function sourceIndex(stretch: Stretch | undefined, index: number): number {
  if (!stretch) return index;
  let rest = index;
  let source = 0;
  let stride = 1;
  for (let at = 0; at < stretch.length; at += 2) {
    const own = stretch[at + 1] as number;
    rest = Math.floor(rest / (stretch[at] as number));
    source += (rest % own) * stride;
    rest = Math.floor(rest / own);
    stride *= own;
  }
  return source;
}

/** How often each number of the small tensor appears in the large one. */
export const repeats = (stretch: Stretch): number =>
  stretch.reduce((product, extent, at) => (at % 2 === 0 ? product * extent : product), 1);
