/** What a function does besides computing, with where it comes from. */
import { ts } from "ts-morph";
import type { Allowance, AssetUse, Effect, EffectUse } from "../../core/function-model.ts";
import { browserGlobals, fileReaders, sayings, timerStarters } from "./effect-tables.ts";
import { constantValue } from "./constant-values.ts";
import { environmentUse } from "./environment.ts";
import { outermostAccess, type Facts, type Reference } from "./facts.ts";
import { lineOf, type Module } from "./module.ts";
import { moduleUsesOf, type LoadedModules } from "./module-uses.ts";
import { assetReadBy } from "./own-place.ts";
import { effectOf, effectOfNames, outsideNameOf, resourceOpenedBy } from "./outside-names.ts";
import type { Origin, Reach } from "./reach.ts";
import { unwrap } from "./lookup.ts";
import type { Workspace } from "./workspace.ts";

/** A reason why a function cannot run elsewhere, before it is put into a sentence. */
export interface Obstacle {
  /** Behind the function's or helper's name: "reads standard input (`process.stdin`)". */
  readonly does: string;
  readonly line: number;
  readonly path: readonly string[];
  /** What a directive must say for it to be none. */
  readonly unless?: Waiver;
}

/** `pinned`: by `state=pinned`. */
export type Waiver = Allowance | "pinned";

export interface Effects {
  /** Every place, in the order in which the code is reached. */
  readonly uses: readonly EffectUse[];
  readonly obstacles: readonly Obstacle[];
  /** Names of environment variables read by a constant name. */
  readonly environment: readonly string[];
  /** Files read by constant paths, which is no effect: they travel along. */
  readonly assets: readonly AssetUse[];
}

interface FoundEffect extends Pick<EffectUse, "effect" | "what" | "line" | "access"> {
  /** Evaluated together with the code around it, rather than when a function in it is called. */
  readonly isImmediate?: boolean;
}

interface FoundObstacle {
  readonly does: string;
  readonly line: number;
  readonly unless?: Waiver;
}

/** What one piece of code does by itself. */
interface LocalEffects {
  readonly uses: FoundEffect[];
  readonly obstacles: FoundObstacle[];
  readonly environment: string[];
  readonly assets: AssetUse[];
}

/** Effects of a function's own code and of everything it reaches. */
export function effectsReached(workspace: Workspace, own: { module: Module; facts: Facts }, reach: Reach): Effects {
  const uses = new Map<string, EffectUse>();
  const obstacles = new Map<string, Obstacle>();
  const environment = new Set<string>();
  const assets = new Map<string, AssetUse>();
  const add = (local: LocalEffects, origin: Origin | undefined): void => {
    const through = origin?.path ?? [];
    for (const found of local.uses) {
      const use = useFrom(found, origin);
      const key = `${use.effect}\0${use.what}\0${use.line}\0${use.whileLoading ?? false}`;
      if (!uses.has(key)) uses.set(key, use);
    }
    for (const found of local.obstacles) {
      if (!obstacles.has(found.does))
        obstacles.set(found.does, { ...found, line: origin?.line ?? found.line, path: through });
    }
    for (const name of local.environment) environment.add(name);
    addAssets(assets, local.assets, origin);
  };
  add(localEffects(workspace, own.module, own.facts), undefined);
  for (const { module, item, origin } of reach.items) {
    add(
      workspace.remember("effects", item, () => localEffects(workspace, module, item.facts)),
      origin,
    );
  }
  return {
    uses: Array.from(uses.values()),
    obstacles: Array.from(obstacles.values()),
    environment: Array.from(environment).toSorted(),
    assets: Array.from(assets.values()),
  };
}

/** The first place where a file is read counts. */
function addAssets(known: Map<string, AssetUse>, assets: readonly AssetUse[], origin: Origin | undefined): void {
  for (const { file, line } of assets) if (!known.has(file)) known.set(file, { file, line: origin?.line ?? line });
}

function useFrom({ isImmediate, ...found }: FoundEffect, origin: Origin | undefined): EffectUse {
  if (!origin) return { ...found, through: [] };
  return { ...found, line: origin.line, through: origin.path, ...(isImmediate && { whileLoading: true }) };
}

function localEffects(workspace: Workspace, module: Module, facts: Facts): LocalEffects {
  const local: LocalEffects = { uses: [], obstacles: [], environment: [], assets: [] };
  for (const reference of facts.references) noteReference(local, workspace, module, reference);
  for (const use of moduleUsesOf(workspace, module, facts)) {
    for (const found of effectsOfUse(workspace, module, use)) note(local, found);
  }
  noteTimers(local, module, facts);
  return local;
}

function noteReference(local: LocalEffects, workspace: Workspace, module: Module, reference: Reference): void {
  const what = [reference.name, ...reference.chain].join(".").replaceAll(".*", "[…]");
  const line = lineOf(reference.node);
  const does = foreignWorld(module, reference);
  if (does !== undefined) local.obstacles.push({ does, line });
  const environment = environmentUse(module, reference);
  if (environment) {
    noteEnvironment(local, environment, { what, line, isDeferred: reference.deferred });
    return;
  }
  const changed = changedExport(module, reference);
  if (changed !== undefined)
    local.obstacles.push({ does: `changes \`${changed}\`, which does not travel`, line, unless: "pinned" });
  const name = outsideNameOf(workspace, module, reference);
  const effect = listens(reference) ? "listens" : name && effectOf(name, reference);
  if (!effect || (effect === "cwd" && isAbsolute(workspace, module, reference))) return;
  const asset = effect === "files" && reference.call ? assetReadBy({ workspace, module }, reference.call) : undefined;
  if (asset) local.assets.push({ file: asset.file, line });
  else note(local, { effect, what, line, isImmediate: !reference.deferred });
}

function note({ uses, obstacles }: LocalEffects, found: FoundEffect): void {
  const { effect, what, line } = found;
  const access = effect === "files" ? accessOf(what) : undefined;
  uses.push({ ...found, ...(access ? { access } : {}) });
  const saying = effect === "files" ? `${access}s files` : sayings[effect];
  if (effect === "state") {
    obstacles.push({ does: `changes the global \`${what}\`, which does not travel`, line, unless: "pinned" });
  } else if (saying !== undefined) {
    obstacles.push({ does: `${saying} (\`${what}\`)`, line, unless: allowanceFor(effect) });
  }
}

function allowanceFor(effect: Effect): Allowance {
  return effect === "listens" ? "listen" : (effect as Allowance);
}

/** By the function's name; what is not known to read only may write. */
function accessOf(what: string): "read" | "write" {
  const last = what.split(".").at(-1) ?? "";
  return fileReaders.has(last) ? "read" : "write";
}

function noteEnvironment(
  local: LocalEffects,
  { names, isOpen, isWrite }: NonNullable<ReturnType<typeof environmentUse>>,
  { what, line, isDeferred }: { readonly what: string; readonly line: number; readonly isDeferred: boolean },
): void {
  local.environment.push(...names);
  local.uses.push({ effect: "environment", what, line, access: isWrite ? "write" : "read" });
  // What is set while a file loads is set in the cloud as well.
  if (isWrite && isDeferred) {
    local.obstacles.push({
      does: `changes the environment (\`${what}\`), which does not travel back`,
      line,
      unless: "environment",
    });
  } else if (isOpen && !isWrite) {
    const does = `reads environment variables whose names are known only at run time (\`${what}\`)`;
    local.obstacles.push({ does, line, unless: "environment" });
  }
}

/** `exports.count += 1` inside a function: a variable that nobody declares. */
function changedExport(module: Module, { name, chain, use, deferred, call }: Reference): string | undefined {
  if (!deferred || use !== "mutate" || module.bindings.has(name)) return undefined;
  const [property, ...others] =
    name === "exports" ? chain : name === "module" && chain[0] === "exports" ? chain.slice(1) : [];
  // `exports.add(1)` calls what is exported.
  if (call && others.length === 0) return undefined;
  return property === undefined ? undefined : [name, ...chain].join(".");
}

/** `path.resolve("/srv", name)`, `path.resolve(__dirname, name)`: wherever the program was started. */
function isAbsolute(workspace: Workspace, module: Module, { call, chain, name }: Reference): boolean {
  const last = chain.at(-1) ?? name;
  if (call && constantValue({ workspace, module }, call)) return true;
  if (last === "cwd" || last === "chdir" || last === "umask") return false;
  return (
    call?.arguments?.some(
      (argument) =>
        (ts.isStringLiteralLike(argument) && argument.text.startsWith("/")) ||
        /^(?:__dirname|__filename|import\.meta\.(?:dirname|filename))\b/.test(argument.getText()),
    ) ?? false
  );
}

/** A timer that is neither awaited, by a promise around it, nor cleared goes on when the function has returned. */
function noteTimers({ obstacles }: LocalEffects, module: Module, { references }: Facts): void {
  if (references.some(({ name }) => /^clear(?:Timeout|Interval|Immediate)$/.test(name))) return;
  for (const { name, chain, call, node } of references) {
    const last = chain.at(-1) ?? name;
    if (!call || !timerStarters.has(last) || chain.length > 1 || isInPromise(call)) continue;
    const binding = module.bindings.get(name);
    if (binding && !/^(?:node:)?(?:timers|process)$/.test(binding.imported?.specifier ?? "")) continue;
    obstacles.push({
      does: `starts a timer (\`${[name, ...chain].join(".")}\`), which goes on when it has returned`,
      line: lineOf(node),
    });
  }
}

/** Inside `new Promise((resolve) => …)`. */
function isInPromise(call: ts.Node): boolean {
  for (let { parent } = call; !ts.isSourceFile(parent); { parent } = parent) {
    if (ts.isNewExpression(parent) && parent.expression.getText() === "Promise") return true;
  }
  return false;
}

/** A module loaded inside a function, with the names that are taken of it. */
function effectsOfUse(workspace: Workspace, module: Module, { specifiers = [], node }: LoadedModules): FoundEffect[] {
  const line = lineOf(node);
  return specifiers.flatMap((specifier) => {
    const resolution = workspace.resolve(module, specifier);
    if (resolution.kind !== "builtin" && resolution.kind !== "package") return [];
    return namesTaken(node).flatMap((names) => {
      const effect = effectOfNames(resolution, names);
      const what = [`require("${specifier}")`, ...names].join(".");
      return effect ? [{ effect, what, line }] : [];
    });
  });
}

/** `require("x").a.b`, `const { a, b } = await import("x")`, `const x = require("x"); x.a()`. */
function namesTaken(node: ts.Node): readonly (readonly string[])[] {
  const { chain, top } = outermostAccess(node);
  const value = ts.isAwaitExpression(top.parent) ? outermostAccess(top.parent) : { chain, top };
  const { parent } = value.top;
  if (!ts.isVariableDeclaration(parent)) return [value.chain];
  const { name } = parent;
  if (ts.isObjectBindingPattern(name)) {
    return name.elements.map((element) => [...value.chain, (element.propertyName ?? element.name).getText()]);
  }
  if (!ts.isIdentifier(name)) return [value.chain];
  return usesOfName(parent, name).map((names) => [...value.chain, ...names]);
}

function usesOfName(declaration: ts.VariableDeclaration, { text }: ts.Identifier): (readonly string[])[] {
  const found: string[][] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && node.text === text && node.parent !== declaration)
      found.push(outermostAccess(node).chain);
    ts.forEachChild(node, visit);
  };
  visit(declaration.parent.parent.parent);
  return found.length === 0 ? [[]] : found;
}

/** `server.listen(80)`; a `listen` that takes a function subscribes to something. */
function listens({ chain, call }: Reference): boolean {
  if (chain.at(-1) !== "listen" || !call) return false;
  const [first] = call.arguments ?? [];
  return !first || !(ts.isArrowFunction(first) || ts.isFunctionExpression(first));
}

function foreignWorld(module: Module, reference: Reference): string | undefined {
  const { name, node } = reference;
  if (module.bindings.has(name)) return undefined;
  if (browserGlobals.has(name) && !isTypeofOperand(node)) return `uses the browser's \`${name}\``;
  const isEval = name === "eval" && reference.use === "call";
  return isEval ? "calls `eval`, whose text may use any name of the file" : undefined;
}

function isTypeofOperand(node: ts.Node): boolean {
  return ts.isTypeOfExpression(node.parent);
}

/** Captured variables that hold something of this one process: "is an open socket". */
export function openResourcesReached(
  workspace: Workspace,
  reach: Reach,
): {
  readonly name: string;
  readonly module: Module;
  readonly line: number;
  readonly what: string;
  readonly origin: Origin;
}[] {
  return reach.items.flatMap(({ module, item, origin }) => {
    const { node } = item;
    if (!ts.isVariableDeclaration(node) || !node.initializer || !ts.isIdentifier(node.name)) return [];
    const what = resourceIn(workspace, module, item.facts, node.initializer);
    return what === undefined ? [] : [{ name: node.name.text, module, line: lineOf(node), what, origin }];
  });
}

/** Looks through `await`, and through calls chained to the one that opens: `connect(80).unref()`. */
function resourceIn(
  workspace: Workspace,
  module: Module,
  facts: Facts,
  initializer: ts.Expression,
): string | undefined {
  let current: ts.Expression = unwrap(initializer);
  for (;;) {
    if (ts.isAwaitExpression(current)) current = unwrap(current.expression);
    else if (ts.isCallExpression(current) || ts.isNewExpression(current)) {
      const opened = openedBy(workspace, module, facts, current);
      if (opened !== undefined) return opened;
      current = unwrap(current.expression);
    } else if (ts.isPropertyAccessExpression(current)) current = unwrap(current.expression);
    else return undefined;
  }
}

function openedBy(
  workspace: Workspace,
  module: Module,
  facts: Facts,
  call: ts.CallExpression | ts.NewExpression,
): string | undefined {
  const reference = facts.references.find((candidate) => candidate.call === call);
  const name = reference && outsideNameOf(workspace, module, reference);
  return name && resourceOpenedBy(name);
}
