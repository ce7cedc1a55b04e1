// The figures that the library sets itself, each with what was measured, met or missed.
import { bytes, groupsOf, isLimit, isOurs, limitOf, oursOf, ratio } from "./table.mjs";

const isRival = (row) => !isOurs(row) && !isLimit(row);
const fastest = (rows) => [...rows].sort((a, b) => a.medianMs - b.medianMs)[0];

/** One line: what is asked, what was found, and whether that is enough. */
const figure = (shape, what, value, limit, note = "", least = undefined) => ({
  shape,
  what,
  value,
  least,
  limit,
  note,
  met: value <= limit,
});

function ofGroup(group) {
  const { shape, work } = group[0];
  const ours = oursOf(group);
  if (!ours) return [];
  const found = [];
  const add = (what, value, limit, note, least) => {
    if (!Number.isFinite(value)) return;
    found.push(figure(shape, `${work}: ${what}`, value, limit, note, least));
  };
  const against = (what, rival, limit, mine = ours) => {
    if (!rival) return;
    const least = mine.minMs / rival.minMs;
    const names = mine === ours ? rival.contender : `${mine.contender}; ${rival.contender}`;
    add(what, mine.medianMs / rival.medianMs, limit, names, least);
  };
  // A plain loop needs no call to a GPU: at tiny shapes nothing else comes near it.
  const rivals = group.filter((row) => isRival(row) && row.kind !== "js");
  const onGpu = rivals.filter(({ kind }) => kind === "webgpu");
  const wasm = rivals.filter(({ kind }) => kind === "wasm");
  const isTensorFlow = ({ contender }) => contender.includes("tensorflow");
  const product = group.find(({ contender }) => contender === "limit multiply-add");
  if (!product) {
    const least = ours.minMs / limitOf(group, "minMs");
    add("÷ exp limit", ours.medianMs / limitOf(group), 1.25, ours.contender, least);
    // Once with all that we have, as one would choose, and once with the GPU's side alone.
    const best = fastest(group.filter((row) => isOurs(row) && row.storage === "f32"));
    if (work === "loss+gradient") {
      against("our best ÷ best rival of all", fastest(rivals), 0.9, best);
      against("on WebGPU ÷ best rival of all", fastest(rivals), 0.9);
    } else {
      against("our best ÷ best wasm rival", fastest(wasm), 1.2, best);
      against("on WebGPU ÷ best wasm rival", fastest(wasm), 1.2);
    }
    const slow = onGpu.filter((row) => !isTensorFlow(row));
    against("÷ best other WebGPU rival", fastest(slow), 0.5);
    against("÷ TensorFlow.js webgpu", onGpu.find(isTensorFlow), 0.1);
  } else {
    against("÷ best WebGPU rival", fastest(onGpu), 0.4);
  }
  const cpu = group.find(({ contender }) => contender === "webgpu-loss cpu");
  const loop = group.find(({ contender }) => contender === "plain loop");
  if (cpu && loop && !product) {
    const least = cpu.minMs / loop.minMs;
    add("CPU path ÷ plain loop", cpu.medianMs / loop.medianMs, 1, "", least);
  }
  const single = group.find(({ contender }) => contender === "webgpu-loss cpu float32");
  const scalar = wasm.find(({ contender }) => contender.endsWith("without SIMD"));
  if (single && scalar && !product) {
    const least = single.minMs / scalar.minMs;
    const what = "CPU path, float32 ÷ wasm without SIMD";
    add(what, single.medianMs / scalar.medianMs, 1.5, scalar.contender, least);
  }
  const inPlace = group.find(({ contender }) => contender === "webgpu-loss in place");
  if (inPlace) {
    const allowed = 2 ** 20 + 16 * inPlace.tokens;
    const note = `${bytes(inPlace.peakGpuBytes)} beside the inputs`;
    add("memory in place ÷ (1 MiB + 16 B a row)", inPlace.peakGpuBytes / allowed, 1, note);
  }
  return found;
}

export function figuresOf({ rows, firstCall, host, product, growth }) {
  const found = [...groupsOf(rows).values()].flatMap(ofGroup);
  const all = "all shapes";
  found.push(figure(all, "first call, compilation included, ms", firstCall.callMs, 300));
  found.push(figure(all, "host time of plan.run, us", host.medianUs, 50));
  // 60 % of the limit's speed is 1 / 0.6 of its time.
  const share = `${(100 * product.share).toFixed(0)} % of its speed`;
  found.push(
    figure(`similarity ${product.shape}`, "÷ multiply-add limit", 1 / product.share, 1.667, share),
  );
  for (const { axis, exponent } of growth) {
    const off = Math.abs(exponent - 1);
    const note = `exponent ${exponent.toFixed(3)}`;
    found.push(figure(all, `growth in ${axis}: distance of its exponent from 1`, off, 0.05, note));
  }
  return found;
}

export const figureLines = (figures) =>
  figures.map(({ shape, what, value, least, limit, note, met }) => [
    met ? "met" : "MISSED",
    shape,
    what,
    value >= 100 ? value.toFixed(0) : value < 0.1 ? value.toFixed(3) : ratio(value),
    least === undefined ? "" : least < 0.1 ? least.toFixed(3) : ratio(least),
    `≤ ${limit}`,
    note ?? "",
  ]);
