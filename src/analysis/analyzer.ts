import type { FunctionRef } from "../core/function-ref.ts";
import type { FrontEnd } from "./front-end.ts";
import type { Mention } from "./typescript/mentions.ts";
import type { LoadEffect, Program, ProgramPlaces } from "./typescript/program.ts";
import type { Slice } from "./typescript/slice.ts";
import { createTypeScriptFrontEnd } from "./typescript/typescript-front-end.ts";

/** What the language server and the command line ask about source code. Synchronous, and made to live long. */
export interface Analyzer extends FrontEnd {
  /**
   * The parts of all files that the function needs: input of transform/extract-unit.ts.
   *
   * @throws FaasifyError `file-not-found`, `file-not-parsed`, `function-not-found`
   */
  slice(ref: FunctionRef): Slice;
  /**
   * A whole program, found from its entry: input of transform/decompose.ts.
   *
   * @throws FaasifyError `file-not-found`, `file-not-parsed`
   */
  program(entry: string, places?: ProgramPlaces): Program;
  /** Where a program's code uses these functions, but for the code of those functions themselves. */
  mentions(program: Program, refs: readonly FunctionRef[]): readonly Mention[];
  /** What a slice does while it is loaded that gives another result elsewhere: the clock, the environment. */
  loadEffect(slice: Slice): LoadEffect | undefined;
}

/**
 * Makes an analyzer. It remembers parsed files, and looks at their time stamps at each question, so
 * nobody has to tell it that a file on disk has changed.
 */
export function createAnalyzer(): Analyzer {
  const typescript = createTypeScriptFrontEnd();
  return {
    ...typescript,
    analyzeFile: (file) => (typescript.handles(file) ? typescript.analyzeFile(file) : notUnderstood(file)),
  };
}

function notUnderstood(file: string): ReturnType<FrontEnd["analyzeFile"]> {
  return { file, functions: [], problems: [{ file, message: "is neither TypeScript nor JavaScript", line: 1 }] };
}
