/** Small projects on disk for tests of analysis and transform. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { createAnalyzer, type Analyzer } from "../../../src/analysis/analyzer.ts";
import type { FunctionModel } from "../../../src/core/function-model.ts";

export interface Project extends Disposable {
  readonly analyzer: Analyzer;
  /** Absolute path of a file of the project. */
  path(name: string): string;
  write(name: string, text: string): void;
  remove(name: string): void;
  /** All functions of a file by name. */
  functions(name: string): Readonly<Record<string, FunctionModel>>;
  /** One function; a missing one fails the test. */
  model(file: string, name: string): FunctionModel;
}

/** Writes the files (relative path → text) into a folder of their own, with a package.json. */
export function project(files: Readonly<Record<string, string>>): Project {
  const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), "faasify-analysis-")));
  const at = (name: string): string => path.join(folder, name);
  const write = (name: string, text: string): void => {
    mkdirSync(path.dirname(at(name)), { recursive: true });
    writeFileSync(at(name), text);
  };
  for (const [name, text] of Object.entries({ "package.json": "{}", ...files })) write(name, text);
  const analyzer = createAnalyzer();
  const functions = (name: string): Record<string, FunctionModel> =>
    Object.fromEntries(analyzer.analyzeFile(at(name)).functions.map((model) => [model.name, model]));
  return {
    analyzer,
    path: at,
    write,
    remove: (name) => rmSync(at(name)),
    functions,
    model(file, name) {
      const all = functions(file);
      const model = all[name];
      if (!model) throw new Error(`${file} has no ${name}, only ${Object.keys(all).join(", ")}`);
      return model;
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The only function of a one-file project. */
export function modelOf(text: string, file = "a.ts"): FunctionModel {
  using files = project({ [file]: text });
  const [first] = files.analyzer.analyzeFile(files.path(file)).functions;
  if (!first) throw new Error("no function found");
  return first;
}

export function messages({ reasons }: FunctionModel): string[] {
  return reasons.map(({ message, line }) => `${line}: ${message}`);
}
