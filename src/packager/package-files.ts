/** The files of an installed package that it needs to run. */
import { createReadStream } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { machinesOf, type Machine } from "./native-binary.ts";

export interface PackageFiles {
  /** Relative to the package, with `/`. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Of `files`: those that may be run as programs. */
  readonly executable: ReadonlySet<string>;
  /** Compiled files for other machines, which were left out. */
  readonly foreignBinaries: readonly string[];
  /** Has a compiled file for this machine. */
  readonly hasBinary: boolean;
}

/** Left out unless the package's own code mentions the name. */
const superfluousFolders = new Set(
  "test tests __tests__ doc docs example examples benchmark benchmarks coverage".split(" "),
);
const superfluousFiles = [".d.ts", ".d.mts", ".d.cts", ".map", ".md", ".markdown", ".tsbuildinfo"];
/** Of the compiler that made an addon. */
const compilerFiles =
  /(?:^|\/)(?:binding\.gyp|Makefile)$|\.(?:cc|cpp|cxx|c|h|hh|hpp|gypi?|o|a|obj|lib|pdb|iobj|ipdb|target\.mk)$/;
const compilerFolders = /(?:^|\/)build\/(?:Release|Debug)\/(?:obj(?:\.target)?|\.deps)$/;
const sourceFile = /\.[cm]?[jt]sx?$|\.json$/;

interface Found {
  readonly name: string;
  readonly mode: number;
}

/**
 * Reads a package's files without its tests, documentation, type declarations and what only compilers need, as far
 * as its own code does not mention them, and without compiled files for other machines.
 */
export async function readPackageFiles(folder: string, machine: Machine): Promise<PackageFiles> {
  const all = await listFiles(folder, "");
  const isCompiled = all.some(({ name }) => name.endsWith(".node"));
  const candidates = all.filter(({ name }) => !(isCompiled && compilerFiles.test(name)));
  const contents = new Map<string, Uint8Array>();
  const certain = candidates.filter(({ name }) => superfluousPart(name) === undefined);
  for (const { name } of certain) contents.set(name, await readFile(path.join(folder, name)));
  const mentioned = mentionedIn(contents);
  for (const { name } of candidates) {
    const part = superfluousPart(name);
    if (part !== undefined && mentioned(part)) contents.set(name, await readFile(path.join(folder, name)));
  }
  const binaries = Array.from(contents).filter(([name]) => name.endsWith(".node"));
  const foreign = binaries.filter(([, bytes]) => !runsOn(bytes, machine)).map(([name]) => name);
  for (const name of foreign) contents.delete(name);
  const executable = all.filter(({ name, mode }) => contents.has(name) && (mode & 0o111) !== 0);
  return {
    files: contents,
    executable: new Set(executable.map(({ name }) => name)),
    foreignBinaries: foreign,
    hasBinary: binaries.length > foreign.length,
  };
}

/** What is no compiled file at all is the package's own affair. */
function runsOn(bytes: Uint8Array, { platform, arch }: Machine): boolean {
  const machines = machinesOf(bytes);
  return machines.length === 0 || machines.some((one) => one.platform === platform && one.arch === arch);
}

/** Does the package have a compiled file, and does one of them run on the machine? Reads only their first bytes. */
export async function binariesOf(
  folder: string,
  machine: Machine,
): Promise<{ readonly any: boolean; readonly fits: boolean }> {
  const names = (await listFiles(folder, "")).filter(({ name }) => name.endsWith(".node")).map(({ name }) => name);
  const heads = await Promise.all(names.map((name) => readHead(path.join(folder, name))));
  return { any: names.length > 0, fits: heads.some((head) => runsOn(head, machine)) };
}

async function readHead(file: string): Promise<Uint8Array> {
  const pieces: Buffer[] = [];
  for await (const piece of createReadStream(file, { end: 4095 })) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

/** Ordered by name; without packages inside, which are dealt with by name. */
async function listFiles(folder: string, prefix: string): Promise<readonly Found[]> {
  const entries = (await readdir(path.join(folder, prefix), { withFileTypes: true })).toSorted((a, b) =>
    a.name < b.name ? -1 : 1,
  );
  const found: Found[] = [];
  for (const { name } of entries) {
    const inner = prefix === "" ? name : `${prefix}/${name}`;
    if (name === "node_modules" || name === ".git" || name === ".github" || compilerFolders.test(inner)) continue;
    const about = await stat(path.join(folder, inner));
    if (about.isDirectory()) found.push(...(await listFiles(folder, inner)));
    else if (about.isFile()) found.push({ name: inner, mode: about.mode });
  }
  return found;
}

/** What must be mentioned for the file to be needed; undefined for one that is needed anyway. */
function superfluousPart(name: string): string | undefined {
  const [first = "", ...rest] = name.split("/");
  if (rest.length > 0 && superfluousFolders.has(first)) return first;
  return superfluousFiles.find((ending) => name.toLowerCase().endsWith(ending));
}

/** `"./test/data"`, `+ ".md"`: in texts of the code; `.map` is mentioned by every file that has one. */
function mentionedIn(contents: ReadonlyMap<string, Uint8Array>): (part: string) => boolean {
  const answers = new Map<string, boolean>();
  const texts = Array.from(contents)
    .filter(([name]) => sourceFile.test(name) && name !== "package.json")
    .map(([, bytes]) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
  return (part) => {
    const known = answers.get(part);
    if (known !== undefined) return known;
    const name = part.replaceAll(/[.]/g, String.raw`\.`);
    const mention = new RegExp(part.startsWith(".") ? `${name}["'\`]` : `["'\`/]${name}["'\`/]`);
    const isMentioned = texts.some((text) => mention.test(text.replaceAll(/^\s*\/\/[#@].*$/gm, "")));
    answers.set(part, isMentioned);
    return isMentioned;
  };
}
