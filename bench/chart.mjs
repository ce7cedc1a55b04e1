// The results as a picture: a panel per shape, a bar per contender, on a logarithmic scale.
import { groupsOf, isLimit, isOurs, ms } from "./table.mjs";

const WIDTH = 920;
const NAMES = 230;
const VALUES = 70;
const LINE = 18;
const HEAD = 40;

const escaped = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
const text = (x, y, content, attributes = "") =>
  `<text x="${x}" y="${y}" ${attributes}>${escaped(content)}</text>`;

function panel(group, top) {
  const sorted = [...group].sort((a, b) => a.medianMs - b.medianMs);
  const least = Math.min(...sorted.map(({ p10Ms }) => p10Ms)) / 2;
  const most = Math.max(...sorted.map(({ p90Ms }) => p90Ms));
  const room = WIDTH - NAMES - VALUES;
  const place = (value) => NAMES + (room * Math.log(value / least)) / Math.log(most / least);
  const { shape, work } = group[0];
  const parts = [text(0, top + 20, `${shape}, ${work} (ms, logarithmic)`, 'class="head"')];
  for (const [at, row] of sorted.entries()) {
    const y = top + HEAD + at * LINE;
    const kind = isOurs(row) ? "ours" : isLimit(row) ? "limit" : row.kind;
    const end = place(row.medianMs);
    parts.push(
      text(NAMES - 8, y, row.contender, 'class="name"'),
      `<rect class="${kind}" x="${NAMES}" y="${y - 11}" width="${(end - NAMES).toFixed(1)}" height="13"/>`,
      `<path class="spread" d="M${place(row.p10Ms).toFixed(1)} ${y - 4.5}H${place(row.p90Ms).toFixed(1)}"/>`,
      text(Math.max(end, place(row.p90Ms)) + 5, y, ms(row.medianMs)),
    );
  }
  return { parts, height: HEAD + sorted.length * LINE + 14 };
}

const style = `text{font:12px system-ui,sans-serif;fill:#222}.head{font-weight:600;font-size:14px}
.name{text-anchor:end}.ours{fill:#2563eb}.limit{fill:#9ca3af}.webgpu{fill:#d97706}.wasm{fill:#7c3aed}
.js{fill:#78716c}.spread{stroke:#000;stroke-opacity:.55;stroke-width:1.5}`;

export function chartOf({ adapter, software, commit, rows }) {
  const parts = [];
  let top = 34;
  for (const group of groupsOf(rows).values()) {
    const { parts: more, height } = panel(group, top);
    parts.push(...more);
    top += height;
  }
  const banner = software ? ", SOFTWARE adapter: not what a GPU would show" : "";
  const legend =
    "blue ours, grey limits, orange WebGPU rivals, violet wasm (CPU), brown JavaScript";
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-8 0 ${WIDTH + 16} ${top + 8}" width="${WIDTH + 16}">`,
    `<style>${style}</style><rect x="-8" width="100%" height="100%" fill="#fff"/>`,
    text(0, 18, `${adapter} at ${commit}${banner}; ${legend}`),
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}
