import { openSoftware } from "../against.js";
import { blocksTests } from "../blocks.js";

blocksTests(await openSoftware());
