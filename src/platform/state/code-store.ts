/** The deployed code on disk: `code/<sha256 in hex>/` has the zip as it came and, in `task/`, what is in it. */
import { hash, randomUUID } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { invalidParameter, invalidZipFile } from "../http/lambda-error.ts";
import { readZip, ZipProblem, ZipTooLarge, type ZipEntry } from "./unzip.ts";

/** Lambda's limit on everything unpacked, in bytes. */
export const MAX_UNPACKED_BYTES = 262_144_000;

const EXECUTABLE = 0o111;

export interface CodeStore {
  /** Unpacks the zip unless it is there already. Atomic: a folder under its final name is complete. */
  add(zip: Buffer, sha256Hex: string): void;
  /** Only checks the zip. */
  check(zip: Buffer): void;
  /** False when somebody has deleted it. */
  readonly has: (sha256Hex: string) => boolean;
  /** Absolute path of the folder that is the function's working directory. */
  readonly taskRoot: (sha256Hex: string) => string;
  /** Absolute path of a folder with the files of all these, where the later ones win. */
  readonly layersRoot: (sha256Hexes: readonly string[]) => string;
  readZip(sha256Hex: string): Buffer | undefined;
  /** Deletes all code but that of these hashes, and what a killed platform left half done. */
  keepOnly(sha256Hex: ReadonlySet<string>): void;
  remove(sha256Hex: string): void;
}

/** Both folders are made on first use. `layersFolder` holds nothing that could not be made again. */
export function createCodeStore(folder: string, layersFolder: string): CodeStore {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  rmSync(layersFolder, { recursive: true, force: true });
  const home = (sha256Hex: string): string => path.join(folder, sha256Hex);

  const taskRoot = (sha256Hex: string): string => path.join(home(sha256Hex), "task");

  const add = (zip: Buffer, sha256Hex: string): void => {
    if (existsSync(taskRoot(sha256Hex))) return;
    const entries = unpack(zip);
    const draft = path.join(folder, `draft-${randomUUID()}`);
    try {
      mkdirSync(path.join(draft, "task"), { recursive: true, mode: 0o700 });
      writeFileSync(path.join(draft, "code.zip"), zip, { mode: 0o600 });
      writeEntries(path.join(draft, "task"), entries);
      // What somebody has left of it.
      rmSync(home(sha256Hex), { recursive: true, force: true });
      renameSync(draft, home(sha256Hex));
    } catch (error) {
      rmSync(draft, { recursive: true, force: true });
      throw error;
    }
  };

  return {
    add,
    check: (zip) => void unpack(zip),
    has: (sha256Hex) => existsSync(taskRoot(sha256Hex)),
    taskRoot,
    layersRoot: (sha256Hexes) => mergeLayers(layersFolder, sha256Hexes.map(taskRoot)),
    readZip: (sha256Hex) => {
      const file = path.join(home(sha256Hex), "code.zip");
      return existsSync(file) ? readFileSync(file) : undefined;
    },
    keepOnly: (wanted) => {
      for (const name of readdirSync(folder)) {
        if (!wanted.has(name)) rmSync(path.join(folder, name), { recursive: true, force: true });
      }
    },
    remove: (sha256Hex) => rmSync(home(sha256Hex), { recursive: true, force: true }),
  };
}

/** Files are linked, not copied, where the file system can. */
function mergeLayers(folder: string, roots: readonly string[]): string {
  const merged = path.join(folder, hash("sha256", roots.join("\n")).slice(0, 16));
  if (existsSync(merged)) return merged;
  const draft = `${merged}-${randomUUID()}`;
  for (const root of roots) {
    for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
      const from = path.join(entry.parentPath, entry.name);
      const to = path.join(draft, path.relative(root, from));
      if (entry.isDirectory()) continue;
      mkdirSync(path.dirname(to), { recursive: true, mode: 0o700 });
      rmSync(to, { force: true });
      linkOrCopy(from, to);
    }
  }
  mkdirSync(draft, { recursive: true, mode: 0o700 });
  renameSync(draft, merged);
  return merged;
}

function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}

/** @throws LambdaError as Lambda refuses the archive */
function unpack(zip: Buffer): ZipEntry[] {
  let entries: ZipEntry[];
  try {
    entries = readZip(zip, MAX_UNPACKED_BYTES);
  } catch (error) {
    if (error instanceof ZipTooLarge) {
      throw invalidParameter(`Unzipped size must be smaller than ${MAX_UNPACKED_BYTES} bytes`);
    }
    if (error instanceof ZipProblem) {
      throw invalidZipFile(
        `Could not unzip uploaded file. Please check your file, then try to upload again. (${error.message})`,
      );
    }
    throw error;
  }
  if (entries.length === 0) throw invalidParameter("Uploaded file must be a non-empty zip");
  return entries;
}

function writeEntries(root: string, entries: readonly ZipEntry[]): void {
  const folders = new Set([root]);
  for (const { name, mode, data } of entries) {
    const file = path.join(root, name);
    const folder = path.dirname(file);
    try {
      if (!folders.has(folder)) mkdirSync(folder, { recursive: true, mode: 0o700 });
      folders.add(folder);
      writeFileSync(file, data, { mode: 0o600 });
      if ((mode & EXECUTABLE) !== 0) chmodSync(file, 0o700);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "ENOTDIR" && code !== "EISDIR" && code !== "EEXIST") throw error;
      throw invalidZipFile(`Could not unzip uploaded file. ("${name}" is both a file and a folder)`);
    }
  }
}
