import { readdir, readFile } from "node:fs/promises";
import path from "node:path";

/** The files that go into the root of a debug artifact, by name. */
export async function readDebugShim(shimFolder: string): Promise<Record<string, Uint8Array>> {
  const folder = path.join(shimFolder, "debug");
  const names = (await readdir(folder)).filter((name) => !name.endsWith(".map"));
  const contents = await Promise.all(names.map((name) => readFile(path.join(folder, name))));
  return Object.fromEntries(names.map((name, index) => [name, contents[index] ?? new Uint8Array()]));
}

/** The unit handler's text, without the link to its own source map: it would lead debuggers into our sources. */
export async function readUnitHandler(shimFolder: string): Promise<string> {
  const text = await readFile(path.join(shimFolder, "unit-handler.mjs"), "utf8");
  // esbuild would take an empty file for a module whose exports are all undefined, and bundle it without a word.
  if (!text.includes("createHandler"))
    throw new Error(`${shimFolder} has no unit handler: it is damaged, or just being built`);
  return text.replace(/^\/\/# sourceMappingURL=.*$/m, "");
}
