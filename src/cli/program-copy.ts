/** Writes the copy of a decomposed program: whole, or not at all. */
import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { chmod, copyFile, cp, mkdir, readdir, realpath, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { FaasifyError } from "../core/errors.ts";
import { MANIFEST_FILE, parseManifest, type Manifest } from "../stub/manifest.ts";
import { isWithin, type ProgramLayout } from "./program-layout.ts";

/** Of the copy: everything of ours. */
export const OWN_FOLDER = ".faasify";

/** In that folder: the originals of rewritten files, at their places. */
export const ORIGINALS = "originals";

/** A folder beside the final one, in which the copy is put together. */
export interface Staging extends AsyncDisposable {
  readonly folder: string;
  /** Makes it the output, in place of an earlier one. */
  finish(): Promise<void>;
}

/**
 * @param out - absolute path
 * @param base - absolute path of the originals' folder
 * @throws FaasifyError `wrong-usage` for a folder that has something else in it
 */
export async function openStaging(out: string, base: string): Promise<Staging> {
  const earlier = checkOut(out, base);
  try {
    await mkdir(path.dirname(out), { recursive: true });
    const folder = `${out}.unfinished-${randomUUID()}`;
    await mkdir(folder);
    return {
      folder,
      finish: async () => {
        await removeEarlier(out, earlier);
        if (existsSync(out)) await cp(folder, out, { recursive: true, verbatimSymlinks: true });
        else await rename(folder, out);
      },
      [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
    };
  } catch (cause) {
    throw new FaasifyError("wrong-usage", `${out} cannot be written (${String(cause)})`, {
      remedy: "Name a folder that you may write to",
      cause,
    });
  }
}

/** The manifest of the earlier output that is there. */
function checkOut(out: string, base: string): Manifest | undefined {
  if (isWithin(out, base)) {
    throw new FaasifyError("wrong-usage", `--out ${out} would overwrite the program in ${base}`, {
      remedy: "Name another folder",
    });
  }
  if (!existsSync(out)) return undefined;
  const file = path.join(out, OWN_FOLDER, MANIFEST_FILE);
  const earlier = existsSync(file) ? parseManifest(readFileSync(file, "utf8")) : undefined;
  if (earlier || readdirSync(out).length === 0) return earlier;
  throw new FaasifyError("wrong-usage", `${out} is not empty, and was not written by faasify decompose`, {
    remedy: "Name another folder, or empty that one",
  });
}

/** What somebody else has put there stays. */
async function removeEarlier(out: string, earlier: Manifest | undefined): Promise<void> {
  const written = (earlier?.written ?? []).filter((file) => isWithin(out, path.join(out, file)));
  for (const file of earlier ? [...written, OWN_FOLDER] : []) {
    await rm(path.join(out, file), { recursive: true, force: true });
  }
}

/** Copies the originals, and puts the new texts in their places. Returns what was written, relative to the copy. */
export async function copyFiles(
  folder: string,
  { base, files, packages }: ProgramLayout,
  texts: ReadonlyMap<string, string>,
): Promise<readonly string[]> {
  for (const [original, place] of files) {
    const file = path.join(folder, place);
    await mkdir(path.dirname(file), { recursive: true });
    await copyFile(original, file);
    // The original may be read-only, the copy is the user's.
    await chmod(file, (await stat(file)).mode | 0o200);
    const text = texts.get(original);
    if (text === undefined) continue;
    await writeFile(file, text);
    const kept = path.join(folder, OWN_FOLDER, ORIGINALS, place);
    await mkdir(path.dirname(kept), { recursive: true });
    await copyFile(original, kept);
  }
  // A link into what was copied leads to the copy.
  const copyOf = (original: string): string | undefined => {
    const isCopied = isWithin(base, original) && Array.from(files.keys()).some((file) => isWithin(original, file));
    return isCopied ? path.join(folder, path.relative(base, original)) : undefined;
  };
  for (const [place, originals] of packages) await linkPackages(path.join(folder, place), originals, copyOf);
  return [...files.values(), ...packages.keys()].map((place) => place.split(path.sep).join("/"));
}

/** Bare imports are looked for from the file upwards: what several folders offer comes together in one. */
async function linkPackages(
  place: string,
  originals: readonly string[],
  copyOf: (original: string) => string | undefined,
): Promise<void> {
  const [only, ...others] = originals;
  if (only === undefined) return;
  const found = (await Promise.all(originals.map(packagesIn))).flat();
  await mkdir(path.dirname(place), { recursive: true });
  if (others.length === 0 && found.every(({ real }) => copyOf(real) === undefined)) {
    await link(only, place);
    return;
  }
  for (const { name, original, real } of found) {
    const target = path.join(place, name);
    if (existsSync(target)) continue;
    await mkdir(path.dirname(target), { recursive: true });
    const copy = copyOf(real);
    // The copy is put together in another place than it is used in.
    await link(copy === undefined ? original : path.relative(path.dirname(target), copy), target);
  }
}

interface InstalledPackage {
  /** `@scope/name` */
  readonly name: string;
  readonly original: string;
  /** With symbolic links followed. */
  readonly real: string;
}

async function packagesIn(folder: string): Promise<readonly InstalledPackage[]> {
  const names = await Promise.all(
    (await readdir(folder)).map(async (name) => {
      if (!name.startsWith("@")) return [name];
      return (await readdir(path.join(folder, name))).map((inner) => path.join(name, inner));
    }),
  );
  return Promise.all(
    names.flat().map(async (name) => {
      const original = path.join(folder, name);
      return { name, original, real: await realpath(original).catch(() => original) };
    }),
  );
}

async function link(target: string, place: string): Promise<void> {
  await symlink(target, place, process.platform === "win32" ? "junction" : undefined);
}
