/** A package of this folder, as the file that it ships: the server adds nothing and bundles nothing. */
// biome-ignore lint/suspicious/noExplicitAny: the peers are not there when types are checked
export const load = (path: string): Promise<any> => import(/* @vite-ignore */ `/peers/${path}`);
