/**
 * What bundling would change in a unit's text: where a file lies, and modules that are loaded by names of a known set.
 * Each expression becomes a call of the same length, so that every position stays; what is called is appended.
 */
import path from "node:path";
import type { LoadRewrite, Rewrite, UnitFile } from "../core/unit.ts";

/** In the artifact: what functions read lies in it as it lies in the project. */
export const ASSET_FOLDER = "files";

/** Names that a bundler must resolve to generated code: see {@link generatedText}. */
export interface GeneratedNames {
  /** Of the module that tells where the file lies. */
  readonly place: string;
  /** Of the module with `load`, which requires what the numbered rewrite does. */
  readonly load: (index: number) => string;
}

/** The file's text with its rewrites done. */
export function rewriteText({ text, rewrites = [], syntax }: UnitFile, names: GeneratedNames): string {
  const taken = new Set<string>();
  let result = "";
  let offset = 0;
  const appended: string[] = [];
  for (const [index, rewrite] of rewrites.entries()) {
    const { original, call } = piece(text, rewrite);
    const name = freeName(text, original.length - call.length, taken);
    result += text.slice(offset, rewrite.offset) + sameLength(original, name + call);
    offset = rewrite.offset + rewrite.length;
    appended.push(definition(rewrite, name, { names, index, isEsm: syntax === "esm" }));
  }
  return appended.length === 0 ? text : `${result}${text.slice(offset)}\n;${appended.join(" ")}\n`;
}

function piece(text: string, { kind, offset, length }: Rewrite): { readonly original: string; readonly call: string } {
  const isCalled = kind === "url" || kind === "folder" || kind === "file";
  return { original: text.slice(offset, offset + length), call: isCalled ? "()" : "" };
}

/** Line breaks inside stay, behind what is new. */
function sameLength(original: string, text: string): string {
  const breaks = original.replaceAll(/[^\r\n]/g, "");
  return text + breaks + " ".repeat(Math.max(0, original.length - text.length - breaks.length));
}

function freeName(text: string, length: number, taken: Set<string>): string {
  for (let count = 0; ; count += 1) {
    const tail = count.toString(36);
    const name = `_f${"_".repeat(Math.max(0, Math.min(length, 10) - 2 - tail.length))}${tail}`;
    if (taken.has(name) || text.includes(name)) continue;
    taken.add(name);
    return name;
  }
}

interface Surroundings {
  readonly names: GeneratedNames;
  readonly index: number;
  readonly isEsm: boolean;
}

function definition(rewrite: Rewrite, name: string, { names, index, isEsm }: Surroundings): string {
  if (rewrite.kind === "import" || rewrite.kind === "require") return loaderText(rewrite, name);
  const [from, exported] = rewrite.kind === "required" ? [names.load(index), "load"] : [names.place, rewrite.kind];
  const module = JSON.stringify(from);
  // Both are there before the file's own code runs.
  return isEsm
    ? `import { ${exported} as ${name} } from ${module};`
    : `function ${name}(...args) { return require(${module}).${exported}(...args); }`;
}

/** Written out, so that a bundler sees each. */
function loaderText({ kind, specifiers }: LoadRewrite, name: string): string {
  const load = kind === "import" ? "import" : "require";
  const cases = specifiers.map((specifier) => {
    const text = JSON.stringify(specifier);
    return `case ${text}: return ${load}(${text});`;
  });
  const code = kind === "import" ? "ERR_MODULE_NOT_FOUND" : "MODULE_NOT_FOUND";
  const unknown = `Object.assign(new Error("Cannot find module '" + id + "'"), { code: "${code}" })`;
  const otherwise = kind === "import" ? `return Promise.reject(${unknown});` : `throw ${unknown};`;
  return `function ${name}(id) { switch (String(id)) { ${cases.join(" ")} } ${otherwise} }`;
}

/** The module that {@link GeneratedNames.place} names. `place` is the file's own in the artifact, relative to its root. */
export function placeModule(place: string): string {
  return [
    `import path from "node:path";`,
    `import { pathToFileURL } from "node:url";`,
    `const here = path.join(__dirname, ${place.split(path.sep).map(quote).join(", ")});`,
    "export const file = () => here;",
    "export const folder = () => path.dirname(here);",
    "export const url = () => pathToFileURL(here).href;",
    "export const resolvedUrl = (name) => new URL(name, url()).href;",
    "export const resolvedPath = (name) => path.resolve(folder(), name);",
  ].join("\n");
}

function quote(part: string): string {
  return JSON.stringify(part);
}

/** The module that {@link GeneratedNames.load} names. */
export function loadModule(rewrite: LoadRewrite): string {
  return `export ${loaderText({ ...rewrite, kind: "require" }, "load")}`;
}

/** Whether any of the rewrites asks for the file's place. */
export function asksForPlace({ rewrites = [] }: UnitFile): boolean {
  return rewrites.some(({ kind }) => kind !== "import" && kind !== "require" && kind !== "required");
}
