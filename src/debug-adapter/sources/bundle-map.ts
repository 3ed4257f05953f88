/** The source map of one build: where the lines of the user's files are in the deployed bundle, and back. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import {
  allGeneratedPositionsFor,
  decodedMappings,
  LEAST_UPPER_BOUND,
  originalPositionFor,
  TraceMap,
} from "@jridgewell/trace-mapping";
import { FaasifyError } from "../../core/errors.ts";
import type { Position0, Position1, Range0 } from "../../core/positions.ts";
import { type Correspondence, type FileNames, findNames } from "./renames.ts";

/** A place in a file of the user's, by absolute path. */
export interface OriginalPosition extends Position1 {
  readonly path: string;
}

export interface BundleMap {
  readonly buildId: string;
  /** Where the map lies on this machine. */
  readonly sourceMapPath: string;
  /** Absolute paths of the files that went into the bundle. */
  readonly sources: readonly string[];
  /** Undefined for code that came from no file, such as the bundler's helpers. */
  toOriginal(position: Position0): OriginalPosition | undefined;
  /**
   * The first generated place of the code on `line1`, from `column1` on; undefined when that line has none.
   * The smallest generated position is taken, as V8 breaks at the first it meets.
   */
  toGenerated(original: OriginalPosition): Position0 | undefined;
  /** The generated code from the first to behind the last place that comes from this line. */
  spanOf(file: string, line1: number): Range0 | undefined;
  /** What the bundler made of the names in a file; nothing without the bundle's text. */
  namesIn(file: string): FileNames;
  /** Alternating starts and ends of the generated code that comes from the files `skips` chooses, as CDP wants it. */
  rangesOf(skips: (file: string) => boolean): readonly Position0[];
}

/** More of a line than this is no name. */
const MAX_NAME = 200;

/**
 * @param bundle - its text, where it is known
 * @throws FaasifyError `file-not-found` when the map is missing, `debug-session-failed` when it is damaged
 */
export async function loadBundleMap(buildId: string, sourceMapPath: string, bundle?: string): Promise<BundleMap> {
  const text = await readFile(sourceMapPath, "utf8").catch((cause: unknown) => {
    throw new FaasifyError("file-not-found", `The source map ${sourceMapPath} cannot be read`, {
      remedy: "Deploy the function again",
      cause,
    });
  });
  try {
    return createBundleMap(buildId, text, sourceMapPath, bundle);
  } catch (cause) {
    throw new FaasifyError("debug-session-failed", `The source map ${sourceMapPath} is damaged`, {
      remedy: "Delete the file and deploy the function again",
      cause,
    });
  }
}

/** @param sourceMapPath - what relative `sources` are beside */
export function createBundleMap(buildId: string, text: string, sourceMapPath: string, bundle = ""): BundleMap {
  const folder = path.dirname(sourceMapPath);
  const trace = new TraceMap(text);
  const paths = trace.sources.map((source) => toPath(trace.sourceRoot, source, folder));
  const indexByPath = new Map(paths.map((file, index) => [pathKey(file), index]));
  const names = new Map<number, FileNames>();
  return {
    buildId,
    sourceMapPath,
    sources: paths,
    toOriginal: ({ line0, column0 }) => {
      const { source, line, column } = originalPositionFor(trace, { line: line0 + 1, column: column0 });
      const file = source === null ? undefined : paths[trace.resolvedSources.indexOf(source)];
      return file === undefined || line === null ? undefined : { path: file, line1: line, column1: column + 1 };
    },
    toGenerated: (original) => {
      const index = indexByPath.get(pathKey(original.path));
      const source = index === undefined ? undefined : trace.resolvedSources[index];
      return source === undefined ? undefined : firstGenerated(trace, source, original);
    },
    spanOf: (file, line1) => {
      const index = indexByPath.get(pathKey(file));
      return index === undefined ? undefined : spanOf(trace, index, line1);
    },
    namesIn: (file) => {
      const index = indexByPath.get(pathKey(file)) ?? -1;
      const known = names.get(index) ?? findNames(correspondencesOf(trace, index, bundle));
      names.set(index, known);
      return known;
    },
    rangesOf: (skips) => rangesOf(trace, (index) => skips(paths[index] ?? "")),
  };
}

/** Two spellings of one file are one file: separators, and case where the system ignores it. */
export function pathKey(file: string): string {
  const normal = path.normalize(file);
  return process.platform === "win32" ? normal.toLowerCase() : normal;
}

function toPath(root: string | undefined, source: string | null, folder: string): string {
  if (source === null || isGenerated(source)) return source ?? "";
  const whole = root ? root.replace(/\/?$/, "/") + source : source;
  return whole.startsWith("file://") ? fileURLToPath(whole) : path.resolve(folder, whole);
}

/** Code that FaaSify made: its `source` is no file but `faasify:` and a name. */
export function isGenerated(source: string): boolean {
  return source.startsWith("faasify:");
}

function firstGenerated(trace: TraceMap, source: string, { line1, column1 }: Position1): Position0 | undefined {
  const needle = { source, line: line1, column: column1 - 1, bias: LEAST_UPPER_BOUND } as const;
  return allGeneratedPositionsFor(trace, needle)
    .flatMap(({ line, column }) => (line === null ? [] : [{ line0: line - 1, column0: column }]))
    .toSorted(comparePositions)[0];
}

export function comparePositions(a: Position0, b: Position0): number {
  return a.line0 - b.line0 || a.column0 - b.column0;
}

function spanOf(trace: TraceMap, sourceIndex: number, line1: number): Range0 | undefined {
  let start: Position0 | undefined;
  let end: Position0 | undefined;
  let isOpen = false;
  decodedMappings(trace).forEach((segments, line0) => {
    for (const [column0, source, originalLine0] of segments) {
      const isHere = source === sourceIndex && originalLine0 === line1 - 1;
      if (isHere) start ??= { line0, column0 };
      else if (isOpen) end = { line0, column0 };
      isOpen = isHere;
    }
  });
  if (!start) return undefined;
  return { start, end: isOpen || !end ? { line0: decodedMappings(trace).length, column0: 0 } : end };
}

/** Code without a source keeps the choice of what stands before it: helpers belong to nobody. */
function rangesOf(trace: TraceMap, skips: (sourceIndex: number) => boolean): Position0[] {
  const borders: Position0[] = [];
  let inside = false;
  decodedMappings(trace).forEach((segments, line0) => {
    for (const [column0, source] of segments) {
      const skip = source !== undefined && skips(source);
      if (source !== undefined && skip !== inside) {
        borders.push({ line0, column0 });
        inside = skip;
      }
    }
  });
  if (inside) borders.push({ line0: decodedMappings(trace).length, column0: 0 });
  return borders;
}

/** The texts at the two ends of every segment of a file, where both begin a name. */
function correspondencesOf(trace: TraceMap, sourceIndex: number, bundle: string): Correspondence[] {
  const original = (trace.sourcesContent?.[sourceIndex] ?? "").split("\n");
  const generated = bundle === "" ? [] : bundle.split("\n");
  const from = (lines: readonly string[], line: number, column: number): string => {
    const text = lines[line] ?? "";
    return /[\w$.#]/.test(text.charAt(column - 1)) ? "" : text.slice(column, column + MAX_NAME);
  };
  return decodedMappings(trace).flatMap((segments, line0) =>
    segments.flatMap(([column0, source, originalLine = 0, originalColumn = 0]) =>
      source === sourceIndex
        ? { original: from(original, originalLine, originalColumn), generated: from(generated, line0, column0) }
        : [],
    ),
  );
}
