import { afterAll, expect, test } from "vitest";
import { bindingsOf } from "../../src/module.js";
import { crossEntropyModules } from "../variants.js";

const adapter = await navigator.gpu.requestAdapter();
// The default limits: a module that asks for more would not run everywhere.
const device = (await adapter?.requestDevice()) as GPUDevice;
afterAll(() => device.destroy());

test("Tint, the compiler of Chrome, accepts every module of cross-entropy without a warning", async () => {
  const modules = crossEntropyModules();
  const messages = await Promise.all(
    modules.map(async ({ name, text }) => {
      device.pushErrorScope("validation");
      const module = device.createShaderModule({ code: text });
      const refused = device.popErrorScope();
      const info = await module.getCompilationInfo();
      const error = await refused;
      return [
        ...info.messages.map(({ lineNum, message }) => `${name}, line ${lineNum}: ${message}`),
        ...(error ? [`${name}: ${error.message}`] : []),
      ];
    }),
  );
  expect(messages.flat()).toEqual([]);
});

test("a module that Tint refuses is noticed", async () => {
  device.pushErrorScope("validation");
  const module = device.createShaderModule({ code: "fn main() { let a: u32 = 1.5; }" });
  const refused = await device.popErrorScope();
  expect((await module.getCompilationInfo()).messages).toHaveLength(1);
  expect(refused).not.toBeNull();
});

test("layouts of up to eight storage buffers fit a device with default limits", async () => {
  device.pushErrorScope("validation");
  for (const { text } of crossEntropyModules()) {
    const entries = bindingsOf(text).map(({ index, access }) => ({
      binding: index,
      visibility: GPUShaderStage.COMPUTE,
      buffer: {
        type: (access === "uniform"
          ? "uniform"
          : access === "storage, read"
            ? "read-only-storage"
            : "storage") as GPUBufferBindingType,
      },
    }));
    device.createBindGroupLayout({ entries });
  }
  expect(await device.popErrorScope()).toBeNull();
});
