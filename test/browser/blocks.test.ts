import { openBackend } from "../../src/index.js";
import { blocksTests } from "../blocks.js";

blocksTests(await openBackend({ kind: "webgpu" }));
