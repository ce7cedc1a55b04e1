import { crossEntropy, tensor } from "../../index.js";
import { Code } from "../parts/code.js";
import { button, segmented } from "../parts/controls.js";
import { fill, h } from "../parts/dom.js";
import { milliseconds, num } from "../parts/format.js";
import { param, setParams } from "../parts/router.js";
import { session } from "../parts/session.js";
import { recipes } from "./gpu/recipes.js";

const ROWS = 64;
const CLASSES = 5000;

/** The recipe for raw buffers, carried out here: what comes back is four bytes. */
async function demonstrate(say: HTMLElement): Promise<void> {
  const { backend } = await session();
  const { device } = backend;
  if (!device) {
    say.textContent = "There is no GPU here to keep anything on.";
    return;
  }
  const host = Float32Array.from({ length: ROWS * CLASSES }, (_, i) => Math.sin(i * 0.37) * 3);
  const buffer = device.createBuffer({ size: host.byteLength, usage: 0x80 | 0x08 });
  device.queue.writeBuffer(buffer, 0, host);
  const targets = Int32Array.from({ length: ROWS }, (_, row) => (row * 97) % CLASSES);
  const began = performance.now();
  const { loss, gradients } = await crossEntropy(
    tensor(buffer, [ROWS, CLASSES], { backend }),
    targets,
    { backend, gradients: true },
  );
  const value = await loss.item();
  const elapsed = performance.now() - began;
  const kept = gradients.logits;
  fill(
    say,
    "Loss ",
    h("b", {}, num(value, 6)),
    ` of ${ROWS} × ${CLASSES} logits in ${milliseconds(elapsed)}; read back: 4 bytes. The gradient, ${num((4 * kept.size) / 1024, 4)} KiB, is still in a GPUBuffer.`,
  );
  kept.destroy();
  loss.destroy();
  buffer.destroy();
}

/** Keep it on the GPU: how tensors of other libraries go in and out without a copy. */
export function mount(place: HTMLElement): () => void {
  const code = new Code();
  const text = h("p");
  const say = h("p", { class: "reading", role: "status" });
  const demo = h(
    "div",
    { class: "demo" },
    button("Run it here", () => void demonstrate(say), "primary"),
    say,
  );
  const show = (id: string): void => {
    const recipe = recipes.find((one) => one.id === id) ?? recipes[0];
    if (!recipe) return;
    text.textContent = recipe.text;
    code.show(recipe.code);
    demo.hidden = recipe.id !== "raw";
    setParams({ from: recipe.id === "raw" ? undefined : recipe.id });
  };
  const start = recipes.find(({ id }) => id === param("from"))?.id ?? "raw";
  const tabs = segmented({
    label: "Your logits come from",
    value: start,
    options: recipes.map(({ id, name }) => ({ value: id, text: name })),
    change: show,
  });
  fill(
    place,
    h(
      "header",
      { class: "hero" },
      h("h1", {}, "Keep it on the GPU"),
      h(
        "p",
        {},
        "Logits are large, a loss is one number. The tensors of other libraries go in as they are, results stay in GPU buffers, and only what you read comes back.",
      ),
    ),
    h(
      "div",
      { class: "sheet" },
      tabs.element,
      h("div", { class: "recipe" }, text, code.element, demo),
    ),
  );
  show(start);
  return () => {};
}
