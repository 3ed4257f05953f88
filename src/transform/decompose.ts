/** Program → the functions of it that move, those that stay and why, and the texts of its copy. */
import { ts } from "ts-morph";
import type { Analyzer } from "../analysis/analyzer.ts";
import { collectFacts } from "../analysis/typescript/facts.ts";
import { functionSitesOf, type FunctionSite } from "../analysis/typescript/function-sites.ts";
import type { Module } from "../analysis/typescript/module.ts";
import type { FileWrite, Program, ProgramFile } from "../analysis/typescript/program.ts";
import type { Slice } from "../analysis/typescript/slice.ts";
import { FaasifyError } from "../core/errors.ts";
import { canMove, type FunctionModel } from "../core/function-model.ts";
import type { FunctionRef } from "../core/function-ref.ts";
import type { Unit, UnitName } from "../core/unit.ts";
import { ruleOn, type CallMode } from "./decompose-policy.ts";
import { rewriteFile, type StubVariable } from "./decompose-rewrite.ts";
import { readsTextOf, rootsAmong } from "./decompose-roots.ts";
import { stubSignature } from "./decompose-signature.ts";
import { extractUnit } from "./extract-unit.ts";

export interface MovedFunction {
  readonly ref: FunctionRef;
  readonly unit: Unit;
  readonly mode: CallMode;
  /** The stub gives its caller a promise even for a blocking call. */
  readonly isAsync: boolean;
  /** When the program runs the function's own code instead: see stub/manifest.ts. */
  readonly runsHere: "never" | "unsent" | "unanswered";
  readonly usesThis: boolean;
  /** What `this` must be for the call to be remote: the object or class whose method it is. */
  readonly home: string | undefined;
  readonly captured: readonly StubVariable[];
  /** See stub/manifest.ts. */
  readonly channel: "always" | "onDemand" | "never";
  readonly isLate: boolean;
  /** How many arguments the function can see; undefined: all. */
  readonly maxArguments: number | undefined;
}

export interface StayingFunction {
  readonly ref: FunctionRef;
  /** One sentence without a subject and without a trailing dot. */
  readonly reason: string;
}

export interface DecompositionPlan {
  /** In source order. */
  readonly moved: readonly MovedFunction[];
  readonly staying: readonly StayingFunction[];
}

export interface PlanOptions {
  /** What the user chose. */
  readonly isSelected: (ref: FunctionRef) => boolean;
  /** Functions that turned out not to move, by `file#name`: why. */
  readonly excluded: ReadonlyMap<string, string>;
  /** Functions can talk with the program while they run, where they are deployed. */
  readonly hasChannel: boolean;
}

interface Candidate extends MovedFunction {
  /** All that it gives out are functions of its own. */
  readonly makes: boolean;
  readonly module: Module;
  readonly site: FunctionSite;
}

/**
 * Decides for each function of a program whether it moves. Pure: what cannot be packaged is told by `excluded` the
 * next time.
 *
 * @throws FaasifyError `file-not-parsed`
 */
export function planDecomposition(analyzer: Analyzer, program: Program, options: PlanOptions): DecompositionPlan {
  const modules = program.files.map(({ module }) => module);
  const candidates: Candidate[] = [];
  const staying: StayingFunction[] = [];
  for (const module of modules) {
    const models = new Map(analyzer.analyzeFile(module.file).functions.map((model) => [model.name, model]));
    for (const site of functionSitesOf(module)) {
      const ref = { file: module.file, name: site.name };
      if (site.made && !models.has(site.name)) continue;
      const judged = judge(analyzer, { module, site, model: models.get(site.name), program }, options);
      if (typeof judged === "string") staying.push({ ref, reason: judged });
      else candidates.push(judged);
    }
  }
  const makers = candidates.filter((candidate) => isMaker(candidate, candidates));
  staying.push(...makers.map(({ ref }) => ({ ref, reason: "makes functions that move themselves" })));
  for (const maker of makers) candidates.splice(candidates.indexOf(maker), 1);
  const around = program.around.map(({ module }) => module);
  const roots = new Set(rootsAmong([...modules, ...around], outermost(candidates)));
  const inside = candidates.filter((candidate) => !roots.has(candidate));
  const insideReason = "is called by moved functions only, and goes along with them";
  staying.push(...inside.map(({ ref }) => ({ ref, reason: insideReason })));
  return { moved: Array.from(roots), staying };
}

/** Its functions need not live in a sandbox of their own: what they use of it travels with their calls. */
function isMaker({ makes, site: { node } }: Candidate, candidates: readonly Candidate[]): boolean {
  const isInside = ({ site }: Candidate): boolean =>
    site.node !== node && site.node.pos >= node.pos && site.node.end <= node.end;
  return (
    makes && candidates.some((other) => isInside(other) && other.site.node.getSourceFile() === node.getSourceFile())
  );
}

/** Without those that stand inside others. */
function outermost(candidates: readonly Candidate[]): readonly Candidate[] {
  const bodies = new Set<ts.Node>(candidates.map(({ site }) => site.node));
  return candidates.filter(({ site: { node, nestedIn } }) => {
    if (!nestedIn) return true;
    for (let outer = node.parent; !ts.isSourceFile(outer); outer = outer.parent) if (bodies.has(outer)) return false;
    return true;
  });
}

interface Judged {
  readonly module: Module;
  readonly site: FunctionSite;
  readonly model: FunctionModel | undefined;
  readonly program: Program;
}

/** The candidate, or why the function stays. */
function judge(
  analyzer: Analyzer,
  { module, site, model, program }: Judged,
  { isSelected, excluded, hasChannel }: PlanOptions,
): Candidate | string {
  if (!model) return "could not be analysed";
  if (!mayMove(model, hasChannel)) return firstReason(model);
  const ref = { file: module.file, name: site.name };
  const known = excluded.get(`${ref.file}#${ref.name}`) ?? refusedByProgram(site, program, model);
  if (known !== undefined) return known;
  if (!isSelected(ref)) return "was not selected";
  const slice = analyzer.slice(ref);
  const writer = writerOf(program, slice.assets);
  if (writer) return `reads files that travel along, and ${writer.place} may change them`;
  const ruling = ruleOn({ site, slice, loadEffect: analyzer.loadEffect(slice) });
  if ("reason" in ruling) return ruling.reason;
  const unit = tryExtract(analyzer, ref);
  if (typeof unit === "string") return unit;
  const stub = stubOf(site, slice);
  return typeof stub === "string"
    ? stub
    : {
        ref,
        module,
        site,
        unit,
        mode: ruling.mode,
        isAsync: model.async && !site.made,
        runsHere: runsHere(model),
        channel: channelOf(model, hasChannel),
        makes: model.converses === "makes",
        isLate: ruling.isLate,
        ...stub,
      };
}

type StubFacts = Pick<MovedFunction, "usesThis" | "home" | "captured" | "maxArguments">;

/** How the stub calls; or why it cannot. */
function stubOf(site: FunctionSite, slice: Slice): StubFacts | string {
  if (site.made) return { usesThis: false, home: undefined, captured: [], maxArguments: undefined };
  const { maxArguments, inner } = stubSignature(site.node, false);
  const home = homeOf(site);
  const captured = capturedBy(slice);
  if (home !== undefined && inner === undefined) return "uses `this`, which its caller decides";
  if (captured.length > 0 && inner === undefined) return "uses the `arguments` of sloppy code";
  const usesThis = site.kind !== "static-method" && collectFacts(site.node).thisNode !== undefined;
  return { usesThis, home, captured, maxArguments };
}

function capturedBy({ lifted }: Slice): readonly StubVariable[] {
  const variables = lifted?.lift.captured ?? [];
  return variables.map(({ name, isWritten }) => ({ name, isWritten }));
}

function mayMove({ verdict, converses }: FunctionModel, hasChannel: boolean): boolean {
  return canMove(verdict) || (hasChannel && converses !== undefined);
}

function channelOf({ converses }: FunctionModel, hasChannel: boolean): MovedFunction["channel"] {
  if (!hasChannel) return "never";
  return converses ? "always" : "onDemand";
}

function refusedByProgram(
  { name, node }: FunctionSite,
  { files, around }: Program,
  { cost }: FunctionModel,
): string | undefined {
  if (ts.isAccessor(node) && cost === "trivial")
    return "is read like a field, and does so little that each remote call costs more than it saves";
  return readsTextOf([...files, ...around], name) ? "has its own text read" : undefined;
}

/** A method of a class or constant object may be called with another `this`, such as a derived class. */
function homeOf({ kind, node, expression }: FunctionSite): string | undefined {
  if (kind !== "static-method" || collectFacts(node).thisNode === undefined) return undefined;
  return /\.bind\((.+)\)$/.exec(expression)?.[1];
}

/** What can be done twice without anybody noticing, as long as the first answer is not used. */
const repeatable: ReadonlySet<string> = new Set([
  "arguments",
  "console",
  "environment",
  "random",
  "state",
  "time",
  "timers",
]);

function runsHere({ effects, state }: FunctionModel): MovedFunction["runsHere"] {
  // The program has another value of it than the sandboxes.
  if (state.some(({ treatment }) => treatment === "pinned")) return "never";
  return effects.every((effect) => repeatable.has(effect)) ? "unanswered" : "unsent";
}

/** What the program writes, a function that runs elsewhere would not see. */
function writerOf({ writes }: Program, assets: readonly string[]): FileWrite | undefined {
  const touches = (file: string): boolean =>
    assets.some((asset) => file === asset || file.startsWith(asset + "/") || asset.startsWith(file + "/"));
  return assets.length === 0 ? undefined : writes.find(({ file }) => file === undefined || touches(file));
}

/** Whatever stays has one. */
function firstReason({ reasons }: FunctionModel): string {
  const [text = ""] = reasons.map(({ message, line }) => `${message} (line ${line})`);
  return text;
}

/** The unit, called as a plain function whatever its parameters are named; or why there is none. */
function tryExtract(analyzer: Analyzer, ref: FunctionRef): Unit | string {
  try {
    const unit = extractUnit(analyzer, ref, true);
    return { ...unit, function: { ...unit.function, convention: "plain" } };
  } catch (error) {
    if (!(error instanceof FaasifyError) || error.code === "file-not-parsed") throw error;
    return error.message;
  }
}

export interface CopyOptions {
  /** Of an original: its path in the copy, relative to the copy's root, with `/`. */
  readonly place: (file: string) => string;
  /** From an original's copy to the runtime, as an import says it. */
  readonly runtimeFrom: (file: string) => string;
}

export interface CopiedFile {
  /** Absolute path of the original. */
  readonly path: string;
  readonly original: string;
  readonly text: string;
}

/** The texts of the copy: those of files that nothing changes in are the originals'. */
export function decomposeFiles(
  program: Program,
  moved: readonly MovedFunction[],
  { place, runtimeFrom }: CopyOptions,
): readonly CopiedFile[] {
  const state = namesOf(moved.map(({ unit }) => unit.manifest.state));
  const classes = namesOf(moved.map(({ unit }) => unit.manifest.classes));
  return program.files.map((file) => {
    const { module } = file;
    const own = moved.filter(({ ref }) => ref.file === module.file);
    const text = rewriteFile({
      file,
      stubs: stubsOf(module, own, place),
      names: { state: state.filter(isIn(file)), classes: classes.filter(isIn(file)) },
      runtime: runtimeFrom(module.file),
    });
    return { path: module.file, original: module.text, text };
  });
}

/** Without those that several units have. */
function namesOf<T extends UnitName>(lists: readonly (readonly T[])[]): readonly T[] {
  return Array.from(new Map(lists.flat().map((name) => [name.id, name])).values());
}

function isIn({ module }: ProgramFile): (name: UnitName) => boolean {
  return ({ file }) => file === module.file;
}

function stubsOf(module: Module, moved: readonly MovedFunction[], place: CopyOptions["place"]) {
  const sites = new Map(functionSitesOf(module).map((site) => [site.name, site]));
  return moved.flatMap(({ ref, usesThis, home, captured }) => {
    const site = sites.get(ref.name);
    return site ? [{ site, key: `${place(ref.file)}#${ref.name}`, usesThis, home, captured }] : [];
  });
}
