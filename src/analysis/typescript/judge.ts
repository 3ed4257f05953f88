/** The verdict on one function, and the reasons for it. */
import type {
  Directive,
  Effect,
  FunctionModel,
  InstanceUse,
  Reason,
  StateVariable,
  Verdict,
} from "../../core/function-model.ts";
import { instanceReason, methodObstacles } from "./class-facts.ts";
import type { CostEstimate } from "./cost.ts";
import { openResourcesReached, type Effects, type Obstacle, type Waiver } from "./effects.ts";
import { entryReason } from "./entry-points.ts";
import { foreignSetupReached } from "./foreign-setup.ts";
import { lineOf, type Module } from "./module.ts";
import { changedParameter, hints, ownObstacles, placeObstacles, talkObstacles, type Subject } from "./own-code.ts";
import { changedDataReached } from "./data-changes.ts";
import { earlyObstacles } from "./early-calls.ts";
import { replacedObstacles } from "./replacements.ts";
import { capturedHints, capturedReason } from "./captured.ts";
import { rootOf, stateReached, treat, type StateUse } from "./state.ts";
import { waits, waitsOutside } from "./waiting.ts";

export interface Evidence extends Subject {
  readonly effects: Effects;
  readonly convention: FunctionModel["convention"];
  readonly isAsync: boolean;
  readonly directive: Directive | undefined;
  readonly instance: InstanceUse | undefined;
  readonly cost: CostEstimate;
}

export interface Judgement {
  readonly verdict: Verdict;
  readonly reasons: readonly Reason[];
  readonly names: readonly Effect[];
  readonly state: readonly StateVariable[];
  /** As in FunctionModel. */
  readonly converses: FunctionModel["converses"];
}

type Treated = StateVariable & { readonly use: StateUse };

export function judge(evidence: Evidence): Judgement {
  const { workspace, module, site, reach, effects, directive } = evidence;
  const root = rootOf(module, site);
  const talk = talkObstacles(evidence, evidence.convention);
  // Its caller waits for each step of one that it talks with, and all others wait with it.
  const mayOverlap = goesOnLater(evidence) && !(talk.length > 0 && !waitsOutside(effects.uses));
  const state = treat(stateReached(workspace, root, reach), { mayOverlap, wish: directive?.state });
  const changes = changesReasons(evidence);
  const names = new Set<Effect>([...effects.uses.map(({ effect }) => effect), ...changes.map(({ effect }) => effect)]);
  if (state.length > 0) names.add("state");

  const entry = entryReason(workspace, module, site);
  const others = [
    ...obstaclesOf(evidence, state),
    ...(mayOverlap ? [...overlapping(evidence), ...overlappingLocals(evidence)] : []),
  ];
  const obstacles = [...others, ...talk];
  const reasons = [
    ...(entry ? [entry] : []),
    ...obstacles,
    ...state.filter(({ treatment }) => treatment !== "refused").map((one) => stateReason(module, one)),
    ...changes.map(({ message, line }) => ({ message, line })),
    ...missingImports(evidence),
    ...capturedHints(evidence),
    ...hints(evidence),
    ...(entry || obstacles.length > 0 ? [] : costReasons(evidence)),
  ];
  return {
    verdict: verdictOf({ entry, obstacles, names }),
    reasons,
    names: Array.from(names).toSorted(),
    state: state.map(({ use: _use, ...variable }) => variable),
    converses: entry || others.length > 0 || talk.length === 0 ? undefined : kindOfTalk(talk),
  };
}

function kindOfTalk(talk: readonly Reason[]): "talks" | "makes" {
  return talk.every(({ message }) => /^returns (?:a|an object with) functions?,/.test(message)) ? "makes" : "talks";
}

function obstaclesOf(evidence: Evidence, state: readonly Treated[]): Reason[] {
  const { workspace, module, site, directive } = evidence;
  return [
    ...localByWish(directive),
    ...methodObstacles(workspace, module, site),
    ...replacedObstacles(workspace, module, site),
    ...earlyObstacles(evidence),
    ...changedDataReached(workspace, module, evidence.reach),
    ...ownObstacles(evidence),
    ...(directive?.allow.includes("files") ? [] : placeObstacles(evidence)),
    ...foreignFiles(evidence),
    ...refusedState(module, state),
    ...reachedObstacles(evidence),
  ];
}

/** What it changes of its instance and its arguments. */
function changesReasons(evidence: Evidence): (Reason & { readonly effect: Effect })[] {
  const { instance, convention, facts, site, lift } = evidence;
  const fields = instance && instanceReason(instance);
  const changed = convention === "plain" ? changedParameter(evidence) : undefined;
  const reasons: (Reason & { readonly effect: Effect })[] = [];
  const captured = lift && capturedReason(site, lift);
  if (captured) reasons.push({ effect: "state", ...captured });
  if (!site.owner && facts.thisNode && facts.writesThis)
    reasons.push({
      effect: "state",
      message: "changes `this`, which travels with the call",
      line: lineOf(facts.thisNode),
    });
  if (fields !== undefined)
    reasons.push({ effect: "state", message: fields, line: lineOf(facts.thisNode ?? site.node) });
  if (changed) {
    const message = `changes its argument \`${changed.name}\`, which is written back to the caller`;
    reasons.push({ effect: "arguments", message, line: changed.line });
  }
  return reasons;
}

function verdictOf({
  entry,
  obstacles,
  names,
}: {
  entry: Reason | undefined;
  obstacles: readonly Reason[];
  names: ReadonlySet<Effect>;
}): Verdict {
  if (entry) return "entry";
  if (obstacles.length > 0) return "local";
  if (names.has("state")) return "stateful";
  return names.size > 0 ? "effects" : "pure";
}

function localByWish(directive: Directive | undefined): Reason[] {
  return directive?.place === "local"
    ? [{ message: "is to stay, says its `@faasify local`", line: directive.line }]
    : [];
}

/** An asynchronous function that never waits has done everything when its caller goes on. */
function goesOnLater({ isAsync, site, reach, effects, lift }: Evidence): boolean {
  if (!isAsync) return false;
  const parts = lift?.parts.map(({ node }) => node) ?? [];
  const codes = [
    site.node,
    ...parts,
    ...reach.items.filter(({ item }) => item.kind !== "type").map(({ item }) => item.node),
  ];
  return waitsOutside(effects.uses) || codes.some((node) => waits(node));
}

/** Two calls at a time would each take the instance along, and the later answer would undo the earlier one's changes. */
function overlapping(evidence: Evidence): Reason[] {
  const { instance, directive, facts, site } = evidence;
  if (!instance || instance.writes.length === 0 || directive?.state !== undefined) return [];
  const written = instance.writes.map((name) => `\`this.${name}\``).join(", ");
  const message = `writes ${written}, and calls of an asynchronous method may overlap`;
  return [{ message, line: lineOf(facts.thisNode ?? site.node) }];
}

/** Code around the function that runs while it waits, and another call of it, would see or undo its changes. */
function overlappingLocals(evidence: Evidence): Reason[] {
  const { lift, site, facts, directive } = evidence;
  if (directive?.state !== undefined || !goesOnLater(evidence)) return [];
  const changed = lift?.captured.find((one) => one.isWritten || one.isChanged || one.changesOutside);
  if (changed) {
    const what = `uses \`${changed.name}\` of the code around it, which changes`;
    return [{ message: `${what}, and calls of an asynchronous function may overlap`, line: changed.line }];
  }
  if (site.owner || !facts.thisNode || !facts.writesThis) return [];
  const message = "changes `this`, and calls of an asynchronous function may overlap";
  return [{ message, line: lineOf(facts.thisNode) }];
}

const treatments = { travelling: "travels with the call", pinned: "is each sandbox's own" };

function stateReason(own: Module, { use, treatment, reason }: Treated): Reason {
  const end = treatment === "refused" ? "" : `, and ${treatments[treatment]}`;
  return {
    message: `${through(use.path, use.name)}uses ${quoted(use.name, use.module, own)}, which ${reason}${end}`,
    line: use.line,
  };
}

function refusedState(own: Module, state: readonly Treated[]): Reason[] {
  return state.filter(({ treatment }) => treatment === "refused").map((one) => stateReason(own, one));
}

/** "through `a` and `b` ": what lies between the function and what it reaches. */
function through(path: readonly string[], last?: string): string {
  const between = path.filter((name, index) => !(index === path.length - 1 && name === last));
  return between.length === 0 ? "" : `through \`${between.join("` → `")}\` `;
}

function quoted(name: string, home: Module, own: Module): string {
  return home === own ? `\`${name}\`` : `\`${name}\` of ${fileName(home.file)}`;
}

function fileName(file: string): string {
  return file.split(/[\\/]/).at(-1) ?? file;
}

function reachedObstacles(evidence: Evidence): Reason[] {
  const { workspace, module, site, reach, effects, directive } = evidence;
  const resources = openResourcesReached(workspace, reach).map(({ name, module: home, line, what, origin }) => {
    const between = through(origin.path, name).replace(/ $/, ", ");
    const place = `${fileName(home.file)}:${line}`;
    return {
      message: `${between}\`${site.name}\` captures \`${name}\` from \`${place}\`, which is ${what}`,
      line: origin.line,
    };
  });
  const foreign = foreignSetupReached(workspace, { module, name: site.binding ?? site.nestedIn?.binding }, reach).map(
    ({ name, place, line }) => ({
      message: `uses \`${name}\`, which ${place} fills when it is loaded; import that file for its effects alone to keep this`,
      line,
    }),
  );
  const others = effects.obstacles
    .filter((obstacle) => !isWaived(obstacle, directive))
    .map(({ does, line, path }) => ({ message: `${through(path)}${does}`, line }));
  return [...resources, ...foreign, ...others];
}

function isWaived({ unless }: Obstacle, directive: Directive | undefined): boolean {
  if (unless === undefined || !directive) return false;
  return isPinning(unless) ? directive.state === "pinned" : directive.allow.includes(unless);
}

function isPinning(waiver: Waiver): waiver is "pinned" {
  return waiver === "pinned";
}

function missingImports({ module, reach }: Evidence): Reason[] {
  return reach.unresolved.map(({ specifier, module: home, line, origin }) => {
    const where = home === module ? "" : ` (imported by ${fileName(home.file)}:${line})`;
    return { message: `needs "${specifier}"${where}, which is not installed or does not exist`, line: origin.line };
  });
}

/** Which of many things a bundler might make of them, nobody has said. */
function foreignFiles({ module, reach }: Evidence): Reason[] {
  return reach.foreignFiles.map(({ specifier, module: home, line, origin }) => {
    const where = home === module ? "" : ` (imported by ${fileName(home.file)}:${line})`;
    const instead = `read it by \`readFileSync(new URL("${specifier}", import.meta.url))\``;
    return { message: `imports "${specifier}"${where}, which is neither code nor JSON; ${instead}`, line: origin.line };
  });
}

function costReasons({ cost }: Evidence): Reason[] {
  if (cost.cost !== "trivial" || cost.loopLine === undefined || cost.callLine === undefined) return [];
  const message = `is called in a loop (line ${cost.loopLine}) and does so little that each remote call costs more than it saves`;
  return [{ message, line: cost.callLine, about: "cost" }];
}
