/** What may stand inside an element: nothing at all included, so that conditions can be written in place. */
export type Child = Node | string | number | false | null | undefined | readonly Child[];
export type Props = Readonly<Record<string, unknown>>;

const SVG = "http://www.w3.org/2000/svg";

function apply(element: Element, props: Props): void {
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") {
      element.addEventListener(name.slice(2), value as EventListener);
    } else if (name === "value" || name === "checked" || name === "selected") {
      Reflect.set(element, name, value);
    } else {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
}

function append(element: Element, children: readonly Child[]): void {
  for (const child of children) {
    if (Array.isArray(child)) append(element, child);
    else if (child instanceof Node) element.append(child);
    else if (typeof child === "string" || typeof child === "number") element.append(String(child));
  }
}

/** An HTML element; props that are functions are listeners: `onclick`. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  append(element, children);
  // After the children: a select's value needs its options.
  apply(element, props);
  return element;
}

/** An SVG element. */
export function s<K extends keyof SVGElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: Child[]
): SVGElementTagNameMap[K] {
  const element = document.createElementNS(SVG, tag);
  apply(element, props);
  append(element, children);
  return element;
}

let serial = 0;
/** A document-wide unique id. */
export const uniqueId = (stem: string): string => `${stem}-${++serial}`;

/** Replaces the content of an element. */
export function fill(element: Element, ...children: Child[]): void {
  element.replaceChildren();
  append(element, children);
}

export const pause = (ms = 0): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** Resolves when the browser has nothing better to do, or soon anyway. */
export function idle(): Promise<void> {
  if (!("requestIdleCallback" in globalThis)) return pause(1);
  return new Promise((done) => requestIdleCallback(() => done(), { timeout: 60 }));
}

/** Runs `work` now, and once more after the running one for any number of calls meanwhile. */
export function latest(
  work: () => Promise<void>,
  failed: (error: unknown) => void,
): () => Promise<void> {
  let running: Promise<void> | undefined;
  let again = false;
  const loop = async (): Promise<void> => {
    do {
      again = false;
      await work().catch(failed);
    } while (again);
    running = undefined;
  };
  return () => {
    if (running) again = true;
    else running = loop();
    return running;
  };
}
