/** What conversations ask their host for. Late, and without importing any module of it: a program's Node may lack it. */
import type { Readable } from "node:stream";
import type { types as utilTypes } from "node:util";

/** Whether this host can converse at all. */
export function canConverse(): boolean {
  return typeof process.getBuiltinModule === "function";
}

let types: typeof utilTypes | undefined;

function hostTypes(): typeof utilTypes {
  return (types ??= process.getBuiltinModule("node:util").types);
}

export function isPromise(value: unknown): value is Promise<unknown> {
  return hostTypes().isPromise(value);
}

export function isGenerator(value: object): boolean {
  return hostTypes().isGeneratorObject(value);
}

/** `node:stream`: loading it takes time, so only where there is a stream. */
export function streamModule(): { readonly Readable: typeof Readable } {
  return process.getBuiltinModule("node:stream");
}
