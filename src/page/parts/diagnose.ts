/** What is known about a browser that gave no WebGPU. */
export interface Symptoms {
  readonly secure: boolean;
  readonly hasGpu: boolean;
  /** An adapter was found, but no device came of it. */
  readonly hasAdapter: boolean;
  readonly userAgent: string;
}
export interface Diagnosis {
  readonly case: "insecure" | "missing" | "no adapter" | "no device";
  readonly title: string;
  readonly fix: string;
}

function missing(agent: string): string {
  const iOS = /iPhone|iPad/.test(agent);
  if (/Firefox\//.test(agent)) {
    if (/Android/.test(agent))
      return "Firefox for Android has no WebGPU yet: open this page in Chrome.";
    if (/Windows/.test(agent)) return "Firefox has WebGPU on Windows since version 141: update it.";
    if (/Macintosh/.test(agent)) {
      return "Firefox has WebGPU on Apple silicon since version 147: update it. Intel Macs have none.";
    }
    return "Firefox for Linux has no WebGPU yet: use Chrome, or Firefox Nightly.";
  }
  if (iOS || (/Safari\//.test(agent) && !/Chrom|Edg/.test(agent))) {
    return iOS
      ? "WebGPU comes with iOS 26: update the system."
      : "WebGPU comes with Safari 26: update macOS or Safari.";
  }
  if (/Linux/.test(agent) && !/Android/.test(agent)) {
    return "Chrome for Linux has WebGPU since version 144. Before that, or if it is off: open chrome://flags/#enable-unsafe-webgpu, enable it and restart.";
  }
  return "Chrome and Edge have WebGPU since version 113, on Android since 121: update the browser.";
}

function noAdapter(agent: string): string {
  if (/Firefox\//.test(agent))
    return "Look at about:support, section Graphics, for the reason, and update the driver.";
  if (/Linux/.test(agent) && !/Android/.test(agent)) {
    return "Chrome for Linux may block this driver. Start it with --enable-unsafe-webgpu --enable-features=Vulkan, or enable chrome://flags/#enable-unsafe-webgpu; the reason is on chrome://gpu.";
  }
  if (/Chrom|Edg/.test(agent)) {
    return "Switch on “Use graphics acceleration when available” in the browser's settings (System), update the driver, and look at chrome://gpu for the reason.";
  }
  return "Update the system and its graphics driver; private and lockdown modes may switch WebGPU off.";
}

/** Says which of the cases without WebGPU this is, and what helps in this browser. */
export function diagnose({ secure, hasGpu, hasAdapter, userAgent }: Symptoms): Diagnosis {
  if (!secure) {
    return {
      case: "insecure",
      title: "WebGPU needs a secure page",
      fix: "Open this page over https, or from localhost.",
    };
  }
  if (!hasGpu) {
    return { case: "missing", title: "This browser has no WebGPU", fix: missing(userAgent) };
  }
  if (!hasAdapter) {
    return {
      case: "no adapter",
      title: "WebGPU is here, but gave no graphics adapter",
      fix: noAdapter(userAgent),
    };
  }
  return {
    case: "no device",
    title: "The graphics adapter refused to open a device",
    fix: "Close other tabs that use the GPU, or restart the browser.",
  };
}

/** The symptoms of the browser that this runs in. */
export async function symptoms(): Promise<Symptoms> {
  const gpu = (navigator as { gpu?: GPU }).gpu;
  const adapter = await gpu?.requestAdapter().catch(() => null);
  return {
    secure: globalThis.isSecureContext,
    hasGpu: Boolean(gpu),
    hasAdapter: Boolean(adapter),
    userAgent: navigator.userAgent,
  };
}
