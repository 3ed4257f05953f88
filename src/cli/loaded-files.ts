/** What a program loads instead of its files. */
import type { Program, ProgramFile } from "../analysis/typescript/program.ts";
import { eraseTypes } from "../packager/erase-types.ts";
import type { LoadedFile } from "../register/plan.ts";
import type { CopiedFile } from "../transform/decompose.ts";

/** By absolute path: those that are rewritten and, for a Node that does not run TypeScript, those that are TypeScript. */
export async function loadedFiles(
  { files }: Program,
  texts: readonly CopiedFile[],
  stripsTypes: boolean,
): Promise<Readonly<Record<string, LoadedFile>>> {
  const byPath = new Map(files.map((file) => [file.module.file, file]));
  const loaded = texts.map(async ({ path: file, text, original }) => {
    const typed = /\.[cm]?tsx?$/i.test(file);
    if (text === original && (stripsTypes || !typed)) return [];
    const known = byPath.get(file);
    return known ? [[file, await loadedFile(known, text, typed && !stripsTypes)] as const] : [];
  });
  return Object.fromEntries((await Promise.all(loaded)).flat());
}

async function loadedFile(
  { module: { file, syntax }, format }: ProgramFile,
  text: string,
  erase: boolean,
): Promise<LoadedFile> {
  const isModule = (syntax ?? format) === "esm";
  const typed = /\.[cm]?tsx?$/i.test(file);
  if (!erase) return { text, format: format === "esm" ? "module" : "commonjs", typed };
  const code = await eraseTypes(text, file, isModule && format === "cjs");
  return { text: code, format: format === "esm" ? "module" : "commonjs", typed: false };
}
