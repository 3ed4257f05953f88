/** A function of a running program, by the place where the engine says it begins → its packaged unit. */
import { createHash } from "node:crypto";
import path from "node:path";
import type { Analyzer } from "../analysis/analyzer.ts";
import type { Program } from "../analysis/typescript/program.ts";
import { FaasifyError } from "../core/errors.ts";
import { version } from "../core/version.ts";
import type { Unit } from "../core/unit.ts";
import type { BuiltUnit, UnitRequest } from "../executor/unit-request.ts";
import { packageUnit } from "../packager/package-unit.ts";
import { extractUnit } from "../transform/extract-unit.ts";
import { CHUNK_FUNCTION, liftFunction, type LiftedFunction } from "../transform/lift-function.ts";

/** What can be done twice without anybody noticing, as long as one answer is used. */
const repeatable: ReadonlySet<string> = new Set(["arguments", "console", "environment", "random", "time", "timers"]);

/** @throws FaasifyError `function-stays-local`, `function-not-found`, and what packaging throws */
export async function buildUnit(analyzer: Analyzer, request: UnitRequest, shimFolder: string): Promise<BuiltUnit> {
  const { file, artifacts } = request;
  // One millisecond more because modification times have fractions.
  const builtAt = new Date(Date.now() + 1).toISOString();
  const program = programFor(analyzer, request);
  const programFile = program.files.find(({ module }) => module.file === file);
  if (!programFile) throw new Error(`${file} has no module`);
  const { module } = programFile;
  const offset = module.sourceFile.getPositionOfLineAndCharacter(request.line0, request.column0);
  const lifted = liftFunction(module, offset);
  checkSource(request, lifted);
  const name = nameOf(lifted);
  try {
    analyzer.setText(file, lifted.text);
    const unit = unitOf(analyzer, file, { lifted, name });
    const artifact = await packageUnit(unit, { debug: false, artifactFolder: artifacts, shimFolder });
    const { state, environment, classes } = unit.manifest;
    return {
      faasify: version,
      file,
      artifact: { ...artifact, inputs: [...artifact.inputs] } as BuiltUnit["artifact"],
      name,
      captured: [...lifted.captured],
      state: state.map(({ id, name: variable }) => ({ id, name: variable })),
      environment: [...environment],
      classes: classes.map((one) => ({ ...one })),
      effects: [...unit.manifest.effects],
      repeatable: unit.manifest.effects.every((effect) => repeatable.has(effect)),
      line: lifted.line,
      liftedLine: lifted.liftedLine,
      sources: program.files.map(({ module: { file: source } }) => source),
      builtAt,
    };
  } finally {
    analyzer.closeText(file);
  }
}

/** From where it was started, which may be no source file: a test runner, a package. */
function programFor(analyzer: Analyzer, { file, entry }: UnitRequest): Program {
  if (entry === undefined || !analyzer.handles(entry) || /[\\/]node_modules[\\/]/.test(entry))
    return analyzer.program(file);
  const program = analyzer.program(entry);
  return program.files.some(({ module }) => module.file === file) ? program : analyzer.program(file);
}

/** Refused: what would be another one in each sandbox, and what is to be changed in the program. */
function unitOf(
  analyzer: Analyzer,
  file: string,
  { lifted, name }: { readonly lifted: LiftedFunction; readonly name: string },
): Unit {
  const ref = { file, name: CHUNK_FUNCTION };
  const said = (text: string): string => asWritten(text.replaceAll(CHUNK_FUNCTION, name), file, lifted);
  const slice = analyzer.slice(ref);
  const written = slice.model.state.find(({ writes, treatment }) => writes && treatment === "travelling");
  const loadEffect = analyzer.loadEffect(slice);
  const unread = slice.state.find((variable) => variable.file !== file || !lifted.mentioned.includes(variable.name));
  if (written) {
    throw stays(
      file,
      name,
      `it changes \`${written.name}\`, which ${written.reason}, and the items are worked on side by side`,
    );
  }
  if (unread) {
    throw stays(
      file,
      name,
      `what it calls uses \`${unread.name}\` (${unread.file}:${unread.line}), which changes while the program runs`,
    );
  }
  if (loadEffect) {
    throw stays(
      file,
      name,
      `it uses what line ${loadEffect.line} makes by \`${loadEffect.text}\`, which would be another one in each sandbox`,
    );
  }
  try {
    const unit = extractUnit(analyzer, ref);
    return { ...unit, function: { ...unit.function, name, convention: "plain" } };
  } catch (error) {
    if (!(error instanceof FaasifyError)) throw error;
    throw new FaasifyError(error.code, said(error.message), { remedy: error.remedy, cause: error });
  }
}

function stays(file: string, name: string, why: string): FaasifyError {
  return new FaasifyError("function-stays-local", `${file}#${name} cannot run elsewhere: ${why}`, {
    remedy: "Give it what it needs as its item, and use what it returns",
  });
}

/** In lines of the original: the function's text stands behind the end of its file. */
function asWritten(text: string, file: string, { line, liftedLine }: LiftedFunction): string {
  const moved = (at: string): string => String(Number(at) < liftedLine ? Number(at) : Number(at) - liftedLine + line);
  const base = path.basename(file);
  return text
    .replaceAll(/([^\s`(/\\]+):(\d+)/g, (whole, name: string, at: string) =>
      name === base ? `${name}:${moved(at)}` : whole,
    )
    .replaceAll(/\(line (\d+)\)/g, (_whole, at: string) => `(line ${moved(at)})`);
}

/** Where types were erased there are blanks. */
function checkSource({ file, source }: UnitRequest, { source: written }: LiftedFunction): void {
  const compact = (text: string): string => text.replaceAll(/[\s;]/g, "");
  const isErased = source.length === written.length && isBlankedOf(source, written);
  // The engine leaves out what stands in front of a function's own text: `export default`.
  if (isErased || compact(written).endsWith(compact(source))) return;
  throw new FaasifyError("function-not-found", `${file} is not the text that the program was loaded from`, {
    remedy: "Restart the program, or run it from its sources instead of compiled ones",
  });
}

function isBlankedOf(text: string, original: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character !== original.charAt(at) && !/[\s;]/.test(character)) return false;
  }
  return true;
}

/** Editing the lines above one without a name does not make another one of it. */
function nameOf({ source }: LiftedFunction): string {
  const [, named] = /^(?:async\s+)?function\s*\*?\s*([\w$]+)/.exec(source) ?? [];
  const hash = createHash("sha256").update(source).digest("hex").slice(0, 8);
  return `${named ?? "function"}-${hash}`;
}
