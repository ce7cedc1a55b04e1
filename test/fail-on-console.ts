import { afterEach, beforeEach, expect, vi } from "vitest";

// Output that nobody asked for is a bug report that nobody reads. A test that expects some mocks the
// method itself: `vi.spyOn(console, "warn").mockImplementation(() => {})`.
const methods = ["log", "info", "warn", "error"] as const;
let calls: string[] = [];

beforeEach(() => {
  calls = [];
  for (const method of methods) {
    vi.spyOn(console, method).mockImplementation((...args: unknown[]) => {
      calls.push(`console.${method}(${args.map(String).join(", ")})`);
    });
  }
});

afterEach(() => {
  vi.restoreAllMocks();
  expect(calls, "unexpected console output").toEqual([]);
});
