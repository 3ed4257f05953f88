/** What answers `import` before Node 22.15, in a thread of its own: dist/register-hooks.mjs. */
import { fileURLToPath } from "node:url";
import type { LoadedFile } from "./plan.ts";

let files: Readonly<Record<string, LoadedFile>> = {};

export function initialize(planned: Readonly<Record<string, LoadedFile>>): void {
  files = planned;
}

interface Loaded {
  readonly format: string;
  readonly source?: string | null;
  readonly shortCircuit?: boolean;
}

type Next = (url: string, context: object) => Promise<Loaded>;

export async function load(url: string, context: object, next: Next): Promise<Loaded> {
  const planned = url.startsWith("file:") ? files[fileURLToPath(url.replace(/[?#].*$/, ""))] : undefined;
  if (!planned) return next(url, context);
  // Without a text it is loaded as `require` does, which has been told.
  if (planned.format === "commonjs") return { format: "commonjs", source: null, shortCircuit: true };
  return { format: "module", source: planned.text, shortCircuit: true };
}
