import { describe, test } from "vitest";
import { openBackend } from "../../src/index.js";
import { accumulation } from "../accumulation.js";

const backend = await openBackend({ kind: "webgpu" });

describe("an accumulator on the GPU", () => {
  test.each(accumulation)("$title", ({ act }) => act(backend));
});
