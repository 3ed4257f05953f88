/** FunctionModel → Unit: the function with everything it needs, and nothing else. */
import { ts } from "ts-morph";
import type { Analyzer } from "../analysis/analyzer.ts";
import type { Module } from "../analysis/typescript/module.ts";
import type { Slice } from "../analysis/typescript/slice.ts";
import { fileNotParsed } from "../analysis/file-not-parsed.ts";
import { FaasifyError } from "../core/errors.ts";
import { canMove, type FunctionModel } from "../core/function-model.ts";
import type { FunctionRef } from "../core/function-ref.ts";
import type { Rewrite, Unit, UnitFile, UnitName, UnitVariable } from "../core/unit.ts";
import { blankModule } from "./blank.ts";
import { liftedText } from "./lifted-text.ts";
import { insert, namesText, type Insertion, type NamesText } from "./unit-exports.ts";

/** The name under which a function is exported that its own file does not export. */
const addedExport = "__faasify";

/**
 * Extracts a function from its program.
 *
 * @param mayConverse - its caller talks with it while it runs
 * @throws FaasifyError `function-stays-local`, `function-not-found`, `file-not-found`, `file-not-parsed`,
 * `dependency-missing`
 */
export function extractUnit(analyzer: Pick<Analyzer, "slice">, ref: FunctionRef, mayConverse = false): Unit {
  const slice = analyzer.slice(ref);
  for (const { module } of slice.files) {
    const [syntaxError] = module.syntaxErrors;
    if (syntaxError) throw fileNotParsed(module.file, syntaxError);
  }
  if (!canMove(slice.model.verdict) && !(mayConverse && slice.model.converses)) throw staysLocal(slice.model);
  const [missing] = slice.unresolved;
  if (missing) {
    throw new FaasifyError(
      "dependency-missing",
      `"${missing.specifier}", imported by ${missing.module.file}:${missing.line}, is not installed or does not exist`,
      { remedy: "Install the package (npm install) or correct the import" },
    );
  }
  return {
    function: slice.model,
    files: filesOf(slice),
    exportName: slice.exportName ?? addedExport,
    format: slice.format,
    ...(slice.imports.length > 0 && { imports: slice.imports }),
    manifest: {
      effects: slice.model.effects,
      environment: slice.environment,
      assets: slice.assets,
      packages: slice.packages,
      addons: slice.addons,
      state: slice.state,
      ...(slice.lifted && slice.lifted.captured.length > 0 && { captured: slice.lifted.captured }),
      classes: slice.classes,
    },
  };
}

function staysLocal({ file, name, verdict, reasons }: FunctionModel): FaasifyError {
  const because = reasons.map(({ message, line }) => `${message} (line ${line})`).join("; ");
  const remedy =
    verdict === "entry"
      ? "Move what it computes into a function of its own, and deploy that"
      : "Take what keeps it here out of the function, or choose another one";
  return new FaasifyError("function-stays-local", `${file}#${name} cannot move: ${because}`, { remedy });
}

function filesOf(slice: Slice): UnitFile[] {
  const sources = slice.files.map(({ module, keep, rewrites, syntax }, index) => {
    const inFile = ({ file }: UnitName): boolean => file === module.file;
    const state = slice.state.filter(inFile);
    const names = namesText(module, { state, classes: slice.classes.filter(inFile) }, "unit");
    const lifted = index === 0 && slice.lifted ? liftedText(slice.lifted, addedExport) : undefined;
    const insertions = [...(names?.insertions ?? []), ...(lifted?.insertions ?? [])];
    insertions.sort((a, b) => a.offset - b.offset);
    const blanked = assignable(module, state, blankModule(module, keep, lifted?.parts));
    const text = insert(blanked, insertions) + (index === 0 ? exportOf(slice) : "");
    return {
      path: module.file,
      text: text + registration(names),
      ...(rewrites.length > 0 && { syntax, rewrites: rewrites.map((rewrite) => behind(insertions, rewrite)) }),
    };
  });
  return [...sources, ...slice.jsonFiles.map(({ file, text }) => ({ path: file, text }))];
}

/** `const` becomes `let` where calls give the constant the value that it has in the program; nothing moves. */
function assignable({ bindings }: Module, state: readonly UnitVariable[], text: string): string {
  let result = text;
  for (const { name, sent } of state) {
    const list = sent && bindings.get(name)?.declaration.parent;
    if (!list || !ts.isVariableDeclarationList(list)) continue;
    const start = list.getStart();
    result = `${result.slice(0, start)}let  ${result.slice(start + 5)}`;
  }
  return result;
}

/** What is inserted in front of it moves it. */
function behind(insertions: readonly Insertion[], rewrite: Rewrite): Rewrite {
  const before = insertions.filter(({ offset }) => offset <= rewrite.offset);
  return { ...rewrite, offset: before.reduce((offset, { text }) => offset + text.length, rewrite.offset) };
}

/** Told to a global list and not by an export: code that looks at what a module exports sees nothing new. */
function registration(names: NamesText | undefined): string {
  if (!names) return "";
  return `\n;(globalThis[Symbol.for("faasify.names")] ??= []).push(${names.literal}); ${names.declaration}\n`;
}

/** Behind the original's end, where it moves nothing. */
function exportOf({ exportName, expression, format, lifted }: Slice): string {
  if (lifted)
    return format === "cjs"
      ? `\n;module.exports.${addedExport} = ${addedExport};\n`
      : `\n;export { ${addedExport} };\n`;
  if (exportName !== undefined) return "";
  if (format === "cjs") return `\n;module.exports.${addedExport} = ${expression};\n`;
  return /^[\w$]+$/.test(expression)
    ? `\n;export { ${expression} as ${addedExport} };\n`
    : `\n;export const ${addedExport} = ${expression};\n`;
}
