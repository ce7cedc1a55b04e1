import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path/posix";
import { expect, test } from "vitest";

// Tracked files and new ones that git does not ignore, so that a rule holds before the commit too.
const files = execFileSync("git", ["ls-files", "-co", "--exclude-standard"], { encoding: "utf8" })
  .split("\n")
  .filter((file) => file !== "" && existsSync(file));
const texts = new Map(files.map((file) => [file, readFileSync(file, "utf8")]));

const source = /^src\/.*\.ts$/;
const typescript = /^(src|test|bench)\/.*\.ts$/;
const shader = /^shaders\/.*\.wgsl$/;
const code =
  /^((src|test|bench|shaders)\/.*\.(ts|mjs|py|wgsl|html|css)|vite\.config\.ts|index\.html)$/;

/** `file:line: text` for each line of the matching files that offends. */
function offenders(
  where: RegExp,
  offends: (line: string, file: string) => boolean,
  except: readonly string[] = [],
): string[] {
  return files
    .filter((file) => where.test(file) && !except.includes(file))
    .flatMap((file) =>
      (texts.get(file) ?? "")
        .split("\n")
        .flatMap((line, i) => (offends(line, file) ? [`${file}:${i + 1}: ${line.trim()}`] : [])),
    );
}
const withoutComments = (text: string) => text.replace(/\/\/.*|\/\*[\s\S]*?\*\//g, "");
const lines = (file: string) => (texts.get(file) ?? "").trimEnd().split("\n").length;
const isPage = (file: string) => file.startsWith("src/page/");
const thisFile = "test/node/house.test.ts";

test("the library prints nothing but the warnings of src/warnings.ts", () => {
  const prints = (line: string) => /\bconsole\.\w+\(/.test(line);
  expect(offenders(source, prints, ["src/warnings.ts"])).toEqual([]);
});

test("the 42 kB reflector is never shipped", () => {
  const imports = (line: string) =>
    /^\s*(import|export)\b.*wgsl_reflect|import\(.*wgsl_reflect/.test(line);
  expect(offenders(source, (line, file) => !isPage(file) && imports(line))).toEqual([]);
});

test("nothing is left to do in a comment", () => {
  expect(offenders(code, (line) => /\b(TODO|FIXME|XXX|HACK)\b/.test(line), [thisFile])).toEqual([]);
});

test("no file names a place on somebody's machine", () => {
  const place = /(?<![\w.])\/(?:work|root|home|tmp|Users)\/|\b[A-Z]:\\\\?Users\b/;
  expect(offenders(/(?<!\.(png|ico|jpg|gz))$/, (line) => place.test(line))).toEqual([]);
});

test("the lock file names no registry", () => {
  expect(offenders(/^package-lock\.json$/, (line) => line.includes('"resolved"'))).toEqual([]);
});

test("relative imports carry the .js that Node and browsers ask for", () => {
  const specifier = /^(?:import |export .*from |\} from )[^"]*"(\.[^"]*)"/;
  const bare = (line: string) => {
    const path = line.match(specifier)?.[1];
    return path !== undefined && !/\.(js|mjs|json|css|wat|wgsl\?raw|wgsl\?url)$/.test(path);
  };
  expect(offenders(typescript, bare)).toEqual([]);
});

test("modules do not import each other in a circle, nor do their types", () => {
  const edge = /^(?:import|export)\s[^;"]*?"(\.[^"]+)\.js"/gm;
  const imports = new Map(
    files
      .filter((file) => source.test(file))
      .map((file) => [
        file,
        [...(texts.get(file) ?? "").matchAll(edge)].map(
          ([, path]) => `${join(dirname(file), path as string)}.ts`,
        ),
      ]),
  );
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, path: readonly string[]) => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(" -> "));
    if (done.has(file)) return;
    done.add(file);
    for (const next of imports.get(file) ?? []) visit(next, [...path, file]);
  };
  for (const file of imports.keys()) visit(file, []);
  expect(circles).toEqual([]);
});

test("what the library exports, another file uses", () => {
  const names = (text: string) =>
    [...text.matchAll(/^export (?:async )?(?:const|function|class) (\w+)/gm)].map(
      ([, name]) => name,
    );
  const unused = files
    .filter((file) => source.test(file) && !isPage(file))
    .flatMap((file) =>
      names(texts.get(file) ?? "")
        .filter((name) => {
          const word = new RegExp(`\\b${name}\\b`);
          return !files.some(
            (other) => other !== file && code.test(other) && word.test(texts.get(other) ?? ""),
          );
        })
        .map((name) => `${file}: ${name}`),
    );
  expect(unused).toEqual([]);
});

test("a file that has grown long holds two ideas", () => {
  const exceptions: readonly string[] = [];
  const budget = (file: string) => (source.test(file) ? 320 : shader.test(file) ? 150 : Infinity);
  const long = files.filter((file) => lines(file) > budget(file) && !exceptions.includes(file));
  expect(long.map((file) => `${file}: ${lines(file)} lines`)).toEqual([]);
});

test("each binding is one line in the form that the assembler scans, with its shape", () => {
  const canonical =
    /^@group\(0\) @binding\(\d+\) var<(uniform|storage, read|storage, read_write)> [a-z]\w*: [^;]+; +\/\/ \(.*\)/;
  const offends = (line: string) =>
    /@(group|binding)\b/.test(withoutComments(line)) && !canonical.test(line);
  expect(offenders(shader, offends)).toEqual([]);
});

test("no identifier is a word that WGSL reserves", () => {
  const reserved =
    /\b(target|match|smooth|precision|filter|self|shared|with|of|where|mod|ref|resource|set|get|from|type|typeof|use|final)\b/g;
  const hooks = /\/\* wgsl \*\/\s*`([^`]*)`/g;
  const wgsl = files.flatMap((file): [string, string][] => {
    const text = texts.get(file) ?? "";
    if (shader.test(file)) return [[file, text]];
    return source.test(file)
      ? [...text.matchAll(hooks)].map(([, hook]) => [file, hook as string])
      : [];
  });
  const found = wgsl.flatMap(([file, text]) =>
    [...withoutComments(text).matchAll(reserved)].map(([word]) => `${file}: ${word}`),
  );
  expect(found).toEqual([]);
});
