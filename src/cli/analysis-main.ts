/** The part of the command line that needs TypeScript's compiler: dist/cli-analysis.cjs, loaded by the commands that need it. */
import { createAnalyzer, type Analyzer } from "../analysis/analyzer.ts";
import { functionSitesOf } from "../analysis/typescript/function-sites.ts";
import type { Mention } from "../analysis/typescript/mentions.ts";
import type { Program, ProgramPlaces } from "../analysis/typescript/program.ts";
import type { FileAnalysis } from "../core/function-model.ts";
import type { FunctionRef } from "../core/function-ref.ts";
import type { Unit } from "../core/unit.ts";
import {
  decomposeFiles,
  planDecomposition,
  type CopiedFile,
  type CopyOptions,
  type DecompositionPlan,
  type MovedFunction,
  type PlanOptions,
} from "../transform/decompose.ts";
import { extractUnit } from "../transform/extract-unit.ts";
import type { BuiltUnit, UnitRequest } from "../executor/unit-request.ts";
import { buildUnit } from "./unit-at.ts";

export { packageUnit } from "../packager/package-unit.ts";
export { parameterShapes, pathAliases } from "../verify/parameter-shapes.ts";

let analyzer: Analyzer | undefined;

function theAnalyzer(): Analyzer {
  return (analyzer ??= createAnalyzer());
}

/** Does analysis understand the file, judged by its name alone? */
export function handles(file: string): boolean {
  return theAnalyzer().handles(file);
}

/** Never throws: what cannot be read or parsed is a problem in the result. */
export function analyzeFile(file: string): FileAnalysis {
  return theAnalyzer().analyzeFile(file);
}

/** @throws FaasifyError `function-stays-local`, `function-not-found`, `file-not-found`, `file-not-parsed` */
export function unitOf(ref: FunctionRef): Unit {
  return extractUnit(theAnalyzer(), ref);
}

/** @throws FaasifyError `file-not-found`, `file-not-parsed` */
export function programOf(entry: string, places?: ProgramPlaces): Program {
  return theAnalyzer().program(entry, places);
}

/** Where a program's code uses these functions, but for the code of those functions themselves. */
export function mentionsIn(program: Program, refs: readonly FunctionRef[]): readonly Mention[] {
  return theAnalyzer().mentions(program, refs);
}

/** All functions of a program's files. */
export function functionsOf({ files }: Program): readonly FunctionRef[] {
  return files.flatMap(({ module }) => functionSitesOf(module).map(({ name }) => ({ file: module.file, name })));
}

export function planOf(program: Program, options: PlanOptions): DecompositionPlan {
  return planDecomposition(theAnalyzer(), program, options);
}

export function filesOfCopy(
  program: Program,
  moved: readonly MovedFunction[],
  options: CopyOptions,
): readonly CopiedFile[] {
  return decomposeFiles(program, moved, options);
}

/**
 * The packaged unit of a function of a running program.
 *
 * @param shimFolder - absolute path of dist/shim
 */
export function buildUnitAt(request: UnitRequest, shimFolder: string): Promise<BuiltUnit> {
  return buildUnit(theAnalyzer(), request, shimFolder);
}
