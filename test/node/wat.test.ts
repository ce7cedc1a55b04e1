import { expect, test } from "vitest";
import { assembleWat } from "../../src/build/wat.js";

/** A module of one function. */
const around = (body: string): string =>
  `(module (memory (export "memory") 1) (func (export "go") (param $n i32) (param $x f64) (local $v v128) ${body}))`;

type Go = (n: number, x: number) => void;

test("a loop that stores, counts and branches does so", async () => {
  const bytes = assembleWat(
    around(`
      (loop $again ;; backwards, from n to 1
        (v128.store offset=8 (local.get $n) (f64x2.splat (local.get $x)))
        (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 200)))))`),
  );
  const { instance } = (await WebAssembly.instantiate(
    Uint8Array.from(bytes),
  )) as unknown as WebAssembly.WebAssemblyInstantiatedSource;
  const { go, memory } = instance.exports as { go: Go; memory: WebAssembly.Memory };
  go(600, 2.5);
  const found = new Float64Array(memory.buffer);
  const written = [...found.keys()].filter((at) => found[at] !== 0);
  expect(written).toEqual([200, 400, 600].flatMap((n) => [(n + 8) / 8, (n + 16) / 8]));
  expect(written.every((at) => found[at] === 2.5)).toBe(true);
});

test.each([
  ["(module (func", "a parenthesis is missing"],
  ["(module))", "a parenthesis too many"],
  ["(func)", "a module is wanted"],
  [around("(f64.cos (local.get $x))"), "f64.cos is not known here"],
  [around("(local.set $y (local.get $x))"), "local.set of an unknown $y"],
  [around("(br_if $out (local.get $n))"), "br_if of an unknown $out"],
  [around("(local.set $v (v128.const f64x2 1 one))"), "one is no number"],
  [around("(local.set $v (v128.const f32x4 1 1 1 1))"), "no constants of f32x4"],
])("%s is refused", (text, message) => {
  expect(() => assembleWat(text)).toThrow(`wat: ${message}`);
});
