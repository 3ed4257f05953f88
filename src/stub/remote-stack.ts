/** The stack of an error that a function threw: its remote part in lines of the original, above the caller's own. */
import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { originalLine } from "../deploy/original-stack.ts";

export interface Caller {
  /** Absolute path of the unit's source map. */
  readonly sourceMapPath: string;
  /** Made where the stub was called. */
  readonly place: Error;
}

/** Rewrites the stack of an error, and of the errors that it holds. Anything else is left alone. */
export function addCallerStack(thrown: unknown, { sourceMapPath, place }: Caller): void {
  if (!(thrown instanceof Error) || typeof thrown.stack !== "string") return;
  const map = sourceMapAt(sourceMapPath);
  const seen = new Set<Error>();
  const visit = (error: unknown, below: readonly string[]): void => {
    if (!(error instanceof Error) || seen.has(error) || typeof error.stack !== "string") return;
    seen.add(error);
    // One that the program has set itself says what the program wants.
    if (hasFrames(error.stack)) setStack(error, [...remoteLines(error.stack, map), ...below]);
    visit(error.cause, []);
    if (error instanceof AggregateError) for (const inner of error.errors) visit(inner, []);
  };
  visit(thrown, callerLines(place));
}

function hasFrames(stack: string): boolean {
  return /\n\s+at /.test(stack);
}

/** The head and the frames of the function's own code: what called it there is ours. */
function remoteLines(stack: string, map: SourceMap | undefined): readonly string[] {
  const lines: string[] = [];
  for (const line of stack.split("\n")) {
    const mapped = map && originalLine(line, map);
    if (mapped === "generated" || /^\s+at .*(?:[\\/]sandbox\.cjs|node:internal)/.test(line)) break;
    lines.push(mapped ?? line);
  }
  return lines;
}

function callerLines({ stack = "" }: Error): readonly string[] {
  const [, ...frames] = stack.split("\n");
  return frames.filter((line) => !/[\\/]\.faasify[\\/]/.test(line));
}

function setStack(error: Error, lines: readonly string[]): void {
  // A frozen one keeps the stack that it has.
  Reflect.defineProperty(error, "stack", {
    value: lines.join("\n"),
    writable: true,
    configurable: true,
    enumerable: false,
  });
}

const maps = new Map<string, SourceMap | undefined>();

/** Undefined when it is gone: a stack is better raw than missing. */
function sourceMapAt(file: string): SourceMap | undefined {
  if (!maps.has(file)) maps.set(file, readSourceMap(file));
  return maps.get(file);
}

function readSourceMap(file: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return undefined;
  }
}
