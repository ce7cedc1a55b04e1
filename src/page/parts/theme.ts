export type Theme = "auto" | "light" | "dark";
const KEY = "webgpu-loss theme";
const listeners = new Set<() => void>();
const system = matchMedia("(prefers-color-scheme: dark)");

export function theme(): Theme {
  const set = document.documentElement.style.colorScheme;
  return set === "light" || set === "dark" ? set : "auto";
}

export function setTheme(next: Theme): void {
  document.documentElement.style.colorScheme = next === "auto" ? "" : next;
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
  }
  for (const listener of listeners) listener();
}

export function restoreTheme(): void {
  try {
    const stored = localStorage.getItem(KEY);
    if (stored === "light" || stored === "dark") setTheme(stored);
  } catch {
    // As above.
  }
}

/** Calls back when colours change; pictures on a canvas must be drawn anew. Returns how to stop. */
export function onTheme(listener: () => void): () => void {
  listeners.add(listener);
  system.addEventListener("change", listener);
  return () => {
    listeners.delete(listener);
    system.removeEventListener("change", listener);
  };
}

/** A colour of the style sheet as red, green, blue: canvases know no custom properties. */
export function colour(name: string): [number, number, number] {
  const probe = document.createElement("i");
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const numbers = getComputedStyle(probe).color.match(/[\d.]+/g) ?? [];
  probe.remove();
  const [r = 0, g = 0, b = 0] = numbers.map(Number);
  return [r, g, b];
}

export const reducedMotion = (): boolean => matchMedia("(prefers-reduced-motion: reduce)").matches;
