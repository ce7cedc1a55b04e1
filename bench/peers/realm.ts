/** A page within the page: packages that keep their state in globals can be there twice. */
export interface Realm {
  // biome-ignore lint/suspicious/noExplicitAny: the peers are not there when types are checked
  load(path: string): Promise<any>;
  /** Packages recognise typed arrays by their own realm's classes. */
  readonly Float32Array: typeof Float32Array;
  readonly Int32Array: typeof Int32Array;
}

/** A fresh one, with the names that this page gives to modules. */
export async function openRealm(): Promise<Realm> {
  const frame = document.createElement("iframe");
  frame.hidden = true;
  const names = document.querySelector("script[type=importmap]")?.outerHTML ?? "";
  frame.srcdoc = `${names}<script>var load = (path) => import("/peers/" + path)</script>`;
  const loaded = new Promise((resolve) => frame.addEventListener("load", resolve, { once: true }));
  document.body.append(frame);
  await loaded;
  return frame.contentWindow as unknown as Realm;
}
