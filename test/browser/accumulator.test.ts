import { describe, test } from "vitest";
import { accumulation } from "../accumulation.js";
import { openSoftware } from "../against.js";

const backend = await openSoftware();

describe("an accumulator on the GPU", () => {
  test.each(accumulation)("$title", ({ act }) => act(backend));
});
