/** Makes Node load the planned texts instead of the files on disk. */
import * as nodeModule from "node:module";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { LoadedFile, Plan } from "./plan.ts";

export function loadPlanned(plan: Plan, dist: string): void {
  const files = new Map(Object.entries(plan.files));
  const { registerHooks } = nodeModule;
  if (typeof registerHooks === "function") {
    registerHooks({
      load: (url, context, next) => {
        const file = url.startsWith("file:") ? files.get(fileURLToPath(url.replace(/[?#].*$/, ""))) : undefined;
        return file ? loadedAs(file) : next(url, context);
      },
    });
    return;
  }
  loadPlannedByOlderMeans(files, path.join(dist, "register-hooks.mjs"));
}

function loadedAs({ text, format, typed }: LoadedFile): { format: string; source: string; shortCircuit: true } {
  return { format: typed ? `${format}-typescript` : format, source: text, shortCircuit: true };
}

interface OlderModule {
  _compile(text: string, file: string): void;
}

type Extension = (module: OlderModule, file: string) => void;

/** Before Node 22.15 `import` is answered by a thread of its own, and `require` by a table of endings. */
function loadPlannedByOlderMeans(files: ReadonlyMap<string, LoadedFile>, hooks: string): void {
  nodeModule.register(pathToFileURL(hooks), { data: Object.fromEntries(files) });
  const { _extensions: extensions } = nodeModule.default as unknown as { _extensions: Record<string, Extension> };
  for (const ending of [".js", ".cjs", ".ts", ".cts"]) {
    const original = extensions[ending] ?? extensions[".js"];
    extensions[ending] = (module, file) => {
      const planned = files.get(file);
      if (planned?.format === "commonjs") module._compile(withoutShebang(planned.text), file);
      else original?.(module, file);
    };
  }
}

function withoutShebang(text: string): string {
  return text.startsWith("#!") ? `//${text}` : text;
}

/** The file that a program was started with, as Node will find it. */
export function entryFile(argument: string | undefined): string | undefined {
  if (argument === undefined) return undefined;
  try {
    return nodeModule.createRequire(path.join(process.cwd(), "entry.js")).resolve(path.resolve(argument));
  } catch {
    return undefined;
  }
}

/** Whether Node runs TypeScript by itself. */
export function stripsTypes(): boolean {
  const { features } = process as { readonly features: { readonly typescript?: unknown } };
  return features.typescript === "strip" || features.typescript === "transform";
}
