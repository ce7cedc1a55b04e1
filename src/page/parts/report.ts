import { version } from "../../../package.json";
import { session } from "./session.js";

const sections = new Map<string, unknown>();

/** Keeps what a view found, so that the report carries it. */
export function record(section: string, data: unknown): void {
  sections.set(section, data);
}

export const limitNames = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupsPerDimension",
] as const;

/** Everything about this device that a bug report needs, as text. */
export async function reportText(): Promise<string> {
  const { backend, diagnosis } = await session();
  const limits = Object.fromEntries(limitNames.map((name) => [name, backend.limits[name]]));
  const report = {
    library: `webgpu-loss ${version}`,
    backend: backend.kind,
    adapter: backend.info.name,
    software: backend.info.software,
    ...(diagnosis ? { noWebGPU: diagnosis.title } : {}),
    features: [...backend.features].sort(),
    limits,
    browser: navigator.userAgent,
    screen: `${innerWidth} × ${innerHeight} at ${devicePixelRatio}`,
    time: new Date().toISOString(),
    ...Object.fromEntries(sections),
  };
  return JSON.stringify(report, null, 2);
}
