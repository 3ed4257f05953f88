/** Analysis of TypeScript and JavaScript. */
import { readFileSync } from "node:fs";
import { FaasifyError } from "../../core/errors.ts";
import { canMove, type FileAnalysis, type FunctionModel, type Problem } from "../../core/function-model.ts";
import type { FunctionRef } from "../../core/function-ref.ts";
import { fileNotParsed } from "../file-not-parsed.ts";
import type { FrontEnd } from "../front-end.ts";
import { directivesOf } from "./directive-sites.ts";
import { analyseFunction, type AnalysedFunction } from "./function-model.ts";
import { functionSitesOf, type FunctionSite } from "./function-sites.ts";
import type { Module } from "./module.ts";
import { mentionsOf, type Mention } from "./mentions.ts";
import { loadEffectOf, programOf, type LoadEffect, type Program, type ProgramPlaces } from "./program.ts";
import { givesFunction, isLikelyFunction } from "./made-functions.ts";
import { isSourceFile } from "./resolve.ts";
import { sliceOf, type Slice } from "./slice.ts";
import { createWorkspace, type Workspace } from "./workspace.ts";

export interface TypeScriptFrontEnd extends FrontEnd {
  /**
   * The parts of all files that the function needs.
   *
   * @throws FaasifyError `file-not-found`, `file-not-parsed` (another language), `function-not-found`
   */
  slice(ref: FunctionRef): Slice;
  /**
   * A whole program, found from its entry.
   *
   * @throws FaasifyError `file-not-found`, `file-not-parsed` (another language)
   */
  program(entry: string, places?: ProgramPlaces): Program;
  /** Where a program's code uses these functions, but for the code of those functions themselves. */
  mentions(program: Program, refs: readonly FunctionRef[]): readonly Mention[];
  /** What a slice does while it is loaded that gives another result elsewhere. */
  loadEffect(slice: Slice): LoadEffect | undefined;
}

export function createTypeScriptFrontEnd(): TypeScriptFrontEnd {
  const workspace = createWorkspace();
  return {
    handles: isSourceFile,
    analyzeFile(file) {
      workspace.begin();
      return analyzeFile(workspace, file);
    },
    setText: (file, text) => workspace.setText(file, text),
    closeText: (file) => workspace.closeText(file),
    dependants: (file) => workspace.dependants(file),
    slice(ref) {
      workspace.begin();
      return sliceFunction(workspace, ref);
    },
    program(entry, places) {
      workspace.begin();
      readModule(workspace, entry);
      return programOf(workspace, entry, places);
    },
    mentions: (program, refs) => mentionsOf(workspace, program, refs),
    loadEffect: (slice) => loadEffectOf(workspace, slice),
  };
}

function analyzeFile(workspace: Workspace, file: string): FileAnalysis {
  let module: Module;
  try {
    module = workspace.module(file);
  } catch (error) {
    return { file, functions: [], problems: [{ file, message: `cannot be read: ${messageOf(error)}`, line: 1 }] };
  }
  const problems: Problem[] = module.syntaxErrors.map(({ message, line }) => ({ file, message, line }));
  const functions: FunctionModel[] = [];
  const sites = knownSites(workspace, module);
  const directives = directivesOf(module, sites);
  for (const { message, line } of directives.problems) problems.push({ file, message, line });
  for (const site of sites) {
    try {
      const { model } = analyseFunction(workspace, module, site, directives.bySite.get(site));
      functions.push(model);
      problems.push(...brokenPromise(model));
    } catch (error) {
      // Analysis never fails: an oversight of ours costs one function, and says so.
      const line = module.sourceFile.getLineAndCharacterOfPosition(site.rangeNode.getStart()).line + 1;
      problems.push({ file, message: `\`${site.name}\` could not be analysed: ${messageOf(error)}`, line });
    }
  }
  return { file, functions, problems };
}

/** Without the values that are no functions. */
function knownSites(workspace: Workspace, module: Module): readonly FunctionSite[] {
  const called = (name: string): boolean =>
    module.items.some(({ facts }) =>
      facts.references.some((use) => use.name === name && use.use === "call" && use.chain.length === 0),
    );
  return functionSitesOf(module).filter(({ made, binding, exported }) => {
    if (!made) return true;
    const known = givesFunction(workspace, module, made);
    if (known !== undefined) return known;
    return (binding !== undefined && called(binding)) || (exported && isLikelyFunction(workspace, module, made));
  });
}

/** A function that is meant to move and cannot. */
function brokenPromise({ file, name, verdict, reasons, directive }: FunctionModel): Problem[] {
  if (directive?.place !== "remote" || canMove(verdict)) return [];
  const because = reasons[0] ? `: it ${reasons[0].message}` : "";
  return [{ file, message: `\`${name}\` is marked \`remote\`, but cannot move${because}`, line: directive.line }];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function sliceFunction(workspace: Workspace, { file, name }: FunctionRef): Slice {
  const module = readModule(workspace, file);
  const sites = knownSites(workspace, module);
  const site = sites.find((candidate) => candidate.name === name) ?? aliasOf(sites, name);
  if (!site)
    throw module.syntaxErrors[0]
      ? fileNotParsed(file, module.syntaxErrors[0])
      : functionNotFound({ file, name }, sites);
  const directive = directivesOf(module, sites).bySite.get(site);
  const { model, effects }: AnalysedFunction = analyseFunction(workspace, module, site, directive);
  const readText = (jsonFile: string): string => readFileSync(jsonFile, "utf8");
  return sliceOf(workspace, { module, site, model, environment: effects.environment, readText });
}

/** `default` may also be asked for by that name when the function has one of its own. */
function aliasOf(sites: readonly FunctionSite[], name: string): FunctionSite | undefined {
  return sites.find(({ exportName }) => exportName === name);
}

function readModule(workspace: Workspace, file: string): Module {
  if (!isSourceFile(file)) {
    throw new FaasifyError("file-not-parsed", `${file} is neither TypeScript nor JavaScript`, {
      remedy: "Name a .ts, .tsx, .mts, .cts, .js, .jsx, .mjs or .cjs file",
    });
  }
  try {
    return workspace.module(file);
  } catch (cause) {
    throw new FaasifyError("file-not-found", `${file} cannot be read (${messageOf(cause)})`, {
      remedy: "Check the path and that the file can be read",
      cause,
    });
  }
}

function functionNotFound({ file, name }: FunctionRef, sites: readonly FunctionSite[]): FaasifyError {
  const names = sites.map((site) => site.name).join(", ");
  return new FaasifyError("function-not-found", `${file} has no function \`${name}\``, {
    remedy: names === "" ? "Name a file that has functions" : `Name one of its functions: ${names}`,
  });
}
