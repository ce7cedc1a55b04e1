// The views behind the explorer: one file, which is loaded when the first of them is opened.

export { mount as bench } from "./bench.js";
export { mount as check } from "./check.js";
export { mount as choose } from "./choose.js";
export { mount as gpu } from "./gpu.js";
export { mount as learn } from "./learn.js";
export { mount as notebook } from "./notebook.js";
