import type { LossSpec } from "../../../index.js";
import { h } from "../../parts/dom.js";
import { table } from "../../parts/table.js";

const bound = (option: object): string => {
  const { min, max, above, below, integer, values, tensor } = option as Record<string, unknown>;
  if (Array.isArray(values)) return values.join(" | ");
  const words = [
    tensor ? `tensor ${tensor}` : integer ? "whole number" : "",
    above !== undefined ? `> ${above}` : "",
    min !== undefined ? `≥ ${min}` : "",
    max !== undefined ? `≤ ${max}` : "",
    below !== undefined ? `< ${below}` : "",
  ].filter(Boolean);
  return words.join(", ");
};

const docs = (text: string) =>
  text.split("`").map((part, i) => (i % 2 === 1 ? h("code", {}, part) : part));

/** What the spec says beside the picture: signature, options, further outputs, where it comes from. */
export function facts(spec: LossSpec): HTMLElement {
  const inputs = Object.keys(spec.inputs);
  const options = Object.entries(spec.options);
  return h(
    "details",
    { class: "facts-of" },
    h("summary", {}, "Signature, options and reference"),
    h("p", {}, h("code", {}, `${spec.name}(${[...inputs, "options"].join(", ")})`)),
    options.length > 0 &&
      table(
        `Options of ${spec.name}`,
        ["Option", "Default", "Values", ""],
        h(
          "tbody",
          {},
          options.map(([name, option]) =>
            h(
              "tr",
              {},
              h("th", { scope: "row" }, h("code", {}, name)),
              h("td", {}, h("code", {}, String(option.default ?? "none"))),
              h("td", {}, bound(option)),
              h("td", {}, docs(option.doc)),
            ),
          ),
        ),
      ),
    spec.outputs &&
      h(
        "dl",
        { class: "outputs" },
        Object.entries(spec.outputs).map(([name, text]) =>
          h("div", {}, h("dt", {}, h("code", {}, name)), h("dd", {}, text)),
        ),
      ),
    h("p", { class: "source" }, spec.reference),
  );
}
