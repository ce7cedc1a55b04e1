// Runs inside the page: what a reader of labels, and a pair of tired eyes, would complain about.

type Rgba = [number, number, number, number];

export function complaints(): string[] {
  const found: string[] = [];
  const say = (what: string, element: Element, more = "") => {
    const name = `${element.tagName.toLowerCase()}${element.id ? `#${element.id}` : ""}${element.getAttribute("class") ? `.${element.getAttribute("class")}` : ""}`;
    found.push(`${what}: ${name} "${(element.textContent ?? "").trim().slice(0, 40)}"${more}`);
  };
  const isSeen = (element: Element): boolean => {
    const box = element.getBoundingClientRect();
    return box.width > 0 && box.height > 0 && getComputedStyle(element).visibility === "visible";
  };

  // Names: what has focus, or is a picture, must say what it is.
  const nameOf = (element: Element): string => {
    const by = element.getAttribute("aria-labelledby");
    if (by)
      return by
        .split(" ")
        .map((id) => document.getElementById(id)?.textContent ?? "")
        .join(" ");
    const label = element.getAttribute("aria-label");
    if (label) return label;
    const { labels } = element as HTMLInputElement;
    if (labels?.length) return [...labels].map((one) => one.textContent ?? "").join(" ");
    return /^(INPUT|SELECT)$/.test(element.tagName) ? "" : (element.textContent ?? "");
  };
  const needName =
    "a[href], button, input, select, summary, [tabindex='0'], [role=img], [role=slider], [role=region], progress, fieldset legend";
  for (const element of document.querySelectorAll(needName)) {
    if (isSeen(element) && nameOf(element).trim() === "") say("has no name", element);
  }
  const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
  for (const id of new Set(ids.filter((one, i) => ids.indexOf(one) !== i)))
    found.push(`id twice: ${id}`);
  for (const element of document.querySelectorAll("[aria-labelledby], label[for]")) {
    const wanted = element.getAttribute("aria-labelledby") ?? element.getAttribute("for") ?? "";
    for (const id of wanted.split(" "))
      if (!document.getElementById(id)) say(`points at missing #${id}`, element);
  }
  if (document.querySelectorAll("h1").length !== 1) found.push("not exactly one h1");
  if (!document.documentElement.lang) found.push("no language");

  // Contrast: every text against what lies behind it.
  const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const parse = (text: string): Rgba => {
    const numbers = text.match(/[\d.]+/g)?.map(Number) ?? [];
    if (text.startsWith("rgb"))
      return [numbers[0] ?? 0, numbers[1] ?? 0, numbers[2] ?? 0, numbers[3] ?? 1];
    if (!probe) return [0, 0, 0, 1];
    probe.fillStyle = text;
    probe.fillRect(0, 0, 1, 1);
    const [r = 0, g = 0, b = 0] = probe.getImageData(0, 0, 1, 1).data;
    return [r, g, b, 1];
  };
  const luminance = ([r, g, b]: Rgba): number => {
    const part = (v: number) =>
      v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4;
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const behind = (element: Element): Rgba => {
    for (let at: Element | null = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour[3] > 0.99) return colour;
    }
    return [255, 255, 255, 1];
  };
  const contrast = (a: Rgba, b: Rgba): number => {
    const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
    return (high + 0.05) / (low + 0.05);
  };
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some(
      (node) => node.nodeType === 3 && (node.textContent ?? "").trim() !== "",
    );
    if (!own || !isSeen(element) || element.closest("[hidden], button:disabled, .ring-cell"))
      continue;
    const isSvg = element instanceof SVGElement;
    // Cells of a matrix carry their own background.
    if (isSvg && element.hasAttribute("style")) continue;
    const style = getComputedStyle(element);
    const ratio = contrast(parse(isSvg ? style.fill : style.color), behind(element));
    const large = Number.parseFloat(style.fontSize) >= 24;
    if (ratio < (large ? 3 : 4.5)) say(`contrast ${ratio.toFixed(2)}`, element);
  }

  // Nothing is cut: the page is no wider than the window, chart texts lie inside their pictures and beside each other.
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth > clientWidth + 1) {
    found.push(`the page is ${scrollWidth} wide in a window of ${clientWidth}`);
    for (const element of document.querySelectorAll("main *")) {
      const { right } = element.getBoundingClientRect();
      if (right > clientWidth + 1 && !element.closest(".scroll, pre, .formula, svg, math"))
        say("sticks out", element, ` to ${Math.round(right)}`);
    }
  }
  for (const svg of document.querySelectorAll("main svg")) {
    if (!isSeen(svg)) continue;
    const frame = svg.getBoundingClientRect();
    const texts = [...svg.querySelectorAll("text")].filter((text) => text.textContent !== "");
    const boxes = texts.map((text) => text.getBoundingClientRect());
    for (const [i, text] of texts.entries()) {
      const box = boxes[i] as DOMRect;
      const cut =
        box.left < frame.left - 2 ||
        box.right > frame.right + 2 ||
        box.top < frame.top - 2 ||
        box.bottom > frame.bottom + 2;
      if (cut) say("text is cut", text, ` in ${svg.getAttribute("aria-label")?.slice(0, 50)}`);
      if (text.closest(".axes") === null) continue;
      for (const [k, other] of texts.entries()) {
        if (k <= i || other.closest(".axes") === null) continue;
        const far = boxes[k] as DOMRect;
        const overlap =
          box.left < far.right - 1 &&
          far.left < box.right - 1 &&
          box.top < far.bottom - 2 &&
          far.top < box.bottom - 2;
        if (overlap)
          say(
            `overlaps "${other.textContent}"`,
            text,
            ` in ${svg.getAttribute("aria-label")?.slice(0, 50)}`,
          );
      }
    }
  }
  return found;
}
