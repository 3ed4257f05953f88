import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import type { Module } from "./module.ts";
import { parseModule } from "./parse-module.ts";
import { createResolver, type Resolution } from "./resolve.ts";
import { createTextSource } from "./text-source.ts";

/** The parsed files that analysis has met. A file is parsed again when its text changed, and only then. */
export interface Workspace {
  /** Throws what Node throws when the file cannot be read. */
  module(file: string): Module;
  /** As {@link module}, but undefined when the file cannot be read. */
  tryModule(file: string): Module | undefined;
  resolve(module: Module, specifier: string): Resolution;
  setText(file: string, text: string): void;
  closeText(file: string): void;
  /** Files that were found to need `file`, directly or through others. */
  dependants(file: string): string[];
  /** Starts a question: until the next one, no file is looked at twice. */
  begin(): void;
  /** Computes something about `key` at most once per question. */
  remember<T>(what: string, key: object, compute: () => T): T;
  /** `type` of the nearest package.json. */
  packageType(file: string): "module" | "commonjs" | undefined;
  /** `name` of the nearest package.json. */
  packageName(file: string): string | undefined;
  /** The folder of the nearest package.json, else the file's own. */
  packageFolder(file: string): string;
}

interface Entry {
  readonly stamp: string;
  readonly module: Module;
}

export function createWorkspace(): Workspace {
  const texts = createTextSource();
  const resolve = createResolver();
  const entries = new Map<string, Entry>();
  const fresh = new Map<string, Module>();
  const resolutions = new Map<string, Resolution>();
  const importers = createImporters();
  const memory = new Map<string, Map<object, unknown>>();

  function load(file: string): Module {
    const seen = fresh.get(file);
    if (seen) return seen;
    const text = texts.open(file);
    let entry = entries.get(file);
    if (entry?.stamp !== text.stamp) {
      entry = { stamp: text.stamp, module: parseModule(file, text.read(), entry?.module) };
      entries.set(file, entry);
    }
    fresh.set(file, entry.module);
    return entry.module;
  }

  return {
    module: load,
    tryModule(file) {
      try {
        return load(file);
      } catch {
        return undefined;
      }
    },
    resolve(module, specifier) {
      const key = `${module.file}\0${specifier}`;
      const known = resolutions.get(key);
      if (known) return known;
      const resolution = resolve(module.file, specifier);
      resolutions.set(key, resolution);
      importers.note(
        module.file,
        "file" in resolution ? resolution.file : path.resolve(path.dirname(module.file), specifier),
      );
      return resolution;
    },
    setText: (file, text) => texts.setText(file, text),
    closeText: (file) => texts.closeText(file),
    dependants: importers.of,
    begin() {
      fresh.clear();
      resolutions.clear();
      memory.clear();
    },
    remember<T>(what: string, key: object, compute: () => T): T {
      const known = memory.get(what) ?? new Map<object, unknown>();
      memory.set(what, known);
      if (!known.has(key)) known.set(key, compute());
      return known.get(key) as T;
    },
    packageType,
    packageName,
    packageFolder: (file) => nearestPackage(path.dirname(file)) ?? path.dirname(file),
  };
}

interface Importers {
  /** `importer` needs `file`, or would if there were one of this name with some ending. */
  note(importer: string, file: string): void;
  of(this: void, file: string): string[];
}

/** Who needs whom, as far as it was asked. Entries that have become wrong cost a question too many, no more. */
function createImporters(): Importers {
  const byPlace = new Map<string, Set<string>>();
  const directly = (file: string): string[] => {
    const place = placeOf(file);
    const places = path.basename(place) === "index" ? [place, path.dirname(file)] : [place];
    return places.flatMap((name) => Array.from(byPlace.get(name) ?? []));
  };
  return {
    note(importer, file) {
      const place = placeOf(file);
      byPlace.set(place, (byPlace.get(place) ?? new Set()).add(importer));
    },
    of(file) {
      const found = new Set(directly(file));
      for (const importer of found) for (const next of directly(importer)) found.add(next);
      found.delete(file);
      return Array.from(found);
    },
  };
}

/** Without the ending: `./b` and `./b.js` may both become `b.ts`. */
function placeOf(file: string): string {
  return file.replace(/\.[cm]?[jt]sx?$/i, "");
}

function nearestPackage(folder: string): string | undefined {
  if (statSync(path.join(folder, "package.json"), { throwIfNoEntry: false })?.isFile()) return folder;
  const parent = path.dirname(folder);
  return parent === folder ? undefined : nearestPackage(parent);
}

function packageType(file: string): "module" | "commonjs" | undefined {
  const { type } = readPackage(nearestPackage(path.dirname(file)));
  return type === "module" || type === "commonjs" ? type : undefined;
}

function packageName(file: string): string | undefined {
  const { name } = readPackage(nearestPackage(path.dirname(file)));
  return typeof name === "string" && name !== "" ? name : undefined;
}

function readPackage(folder: string | undefined): { readonly type?: unknown; readonly name?: unknown } {
  if (folder === undefined) return {};
  try {
    const manifest: unknown = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
    return typeof manifest === "object" && manifest !== null ? manifest : {};
  } catch {
    return {};
  }
}
