import { clamp } from "./clamp.js";
/** Where the visitor is: "#explore?loss=huber&delta=2". */
export interface Route {
  readonly view: string;
  readonly params: URLSearchParams;
}

export function readRoute(hash: string = location.hash): Route {
  const [view = "", query = ""] = hash.replace(/^#\/?/, "").split("?");
  return { view, params: new URLSearchParams(query) };
}

export function routeHash({ view, params }: Route): string {
  // Commas and dots are legal in a fragment, and keep shared links readable.
  const query = params.toString().replaceAll("%2C", ",");
  return `#${view}${query ? `?${query}` : ""}`;
}

/** Writes state into the address without a step in the history; `undefined` removes a name. */
export function setParams(changes: Readonly<Record<string, string | undefined>>): void {
  const route = readRoute();
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) route.params.delete(name);
    else route.params.set(name, value);
  }
  const hash = routeHash(route);
  if (hash !== location.hash) history.replaceState(history.state, "", hash);
}

export const param = (name: string): string | undefined =>
  readRoute().params.get(name) ?? undefined;

/** A number from the address, inside its bounds, else the default. */
export function numberParam(
  name: string,
  fallback: number,
  min = -Infinity,
  max = Infinity,
): number {
  const text = param(name);
  const value = text === undefined || text === "" ? Number.NaN : Number(text);
  return Number.isFinite(value) ? clamp(value, min, max) : fallback;
}
