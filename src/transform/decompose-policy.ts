/**
 * Which functions that can move may also be called by a stub without anybody noticing. The rules and their reasons:
 * docs/decompose.md. When in doubt a function stays.
 */
import { ts } from "ts-morph";
import { collectFacts, type Facts, type Reference } from "../analysis/typescript/facts.ts";
import type { FunctionSite } from "../analysis/typescript/function-sites.ts";
import type { Module } from "../analysis/typescript/module.ts";
import type { LoadEffect } from "../analysis/typescript/program.ts";
import type { Slice } from "../analysis/typescript/slice.ts";
import { returnedExpressions } from "../analysis/typescript/type-texts.ts";
import type { Effect } from "../core/function-model.ts";
import { mentionsArguments } from "./decompose-signature.ts";

/**
 * `blocking`: the stub waits for the answer · `waiting`: it gives back a promise at once, as the function waits for
 * something outside the program and others go on meanwhile.
 */
export type CallMode = "blocking" | "waiting";

export interface Subject {
  readonly site: FunctionSite;
  readonly slice: Slice;
  readonly loadEffect: LoadEffect | undefined;
}

export type Ruling = { readonly mode: CallMode } | { readonly reason: string };

const outside: readonly Effect[] = ["timers", "network"];

const refused: Partial<Record<Effect, string>> = {
  files: "reads or writes files, whose paths mean something else where it would run",
  process: "asks about the process that it runs in, which would be another one",
};

/** How the function is called when it moves, or why it stays. */
export function ruleOn(subject: Subject): Ruling {
  const { site, slice } = subject;
  const effects = new Set<Effect>(slice.model.effects);
  const reason =
    refusedEffect(slice) ?? refusedSyntax(subject) ?? refusedLoadEffect(subject) ?? refusedEnvironment(slice);
  if (reason !== undefined) return { reason };
  const isOutside = outside.some((effect) => effects.has(effect));
  if (slice.model.async) return ruleOnAsync(subject, effects, isOutside);
  if (!isOutside) return { mode: "blocking" };
  if (returnsPromise(site)) return ruleOnAsync(subject, effects, isOutside);
  return { reason: "starts something that goes on after it has returned" };
}

function refusedEffect({ model }: Slice): string | undefined {
  const allowed = new Set<string>(model.directive?.allow);
  const found = model.effects.find((effect) => refused[effect] !== undefined && !allowed.has(effect));
  return found && refused[found];
}

function ruleOnAsync({ slice }: Subject, effects: ReadonlySet<Effect>, isOutside: boolean): Ruling {
  if (slice.model.state.some(({ treatment }) => treatment === "travelling"))
    return { reason: "is asynchronous and uses variables that change, which others may change while it waits" };
  const codes = factsOf(slice);
  if (effects.has("console") && (isOutside || codes.some(({ node }) => waits(node)))) {
    return { reason: "prints while it waits, and its output could come in another order" };
  }
  if (!isOutside) return { mode: "blocking" };
  const lost = effects.has("arguments") && codes.some(({ facts }) => facts.references.some(isLooseTimer));
  return lost ? { reason: "changes its arguments, perhaps after its promise is settled" } : { mode: "waiting" };
}

interface Code {
  readonly module: Module;
  readonly node: ts.Node;
  readonly facts: Facts;
}

/** All code of the unit. */
function factsOf({ files }: Slice): readonly Code[] {
  return files.flatMap(({ module, keep }) =>
    Array.from(keep, ({ node, kind }) => ({ module, node, kind }))
      .filter(({ kind }) => kind !== "type" && kind !== "import")
      .map(({ node }) => ({ module, node, facts: collectFacts(node) })),
  );
}

/** Does anything in it run later than the call itself, as a microtask? */
function waits(node: ts.Node): boolean {
  if (ts.isAwaitExpression(node)) return true;
  if (ts.isForOfStatement(node) && node.awaitModifier) return true;
  if (ts.isPropertyAccessExpression(node) && /^(?:then|catch|finally)$/.test(node.name.text)) return true;
  return ts.forEachChild(node, (child) => waits(child) || undefined) ?? false;
}

const timerNames = new Set("setTimeout setInterval setImmediate queueMicrotask".split(" "));

/** A timer that nobody waits for: outside the executor of a promise. */
function isLooseTimer({ name, chain, node }: Reference): boolean {
  if (!timerNames.has(name) && !(name === "process" && chain[0] === "nextTick")) return false;
  for (let outer: ts.Node = node; outer.parent; outer = outer.parent) {
    const { parent } = outer;
    if (ts.isNewExpression(parent) && parent.expression.getText() === "Promise") return false;
  }
  return true;
}

/** Every result is a promise by the look of it, and nothing is thrown before there is one. */
function returnsPromise({ node }: FunctionSite): boolean {
  const { body } = node;
  if (!body || throwsItself(body)) return false;
  const results = ts.isBlock(body) ? returnedExpressions(body) : [body];
  return results.length > 0 && results.every((result) => result !== undefined && isPromise(result));
}

function throwsItself(node: ts.Node): boolean {
  if (ts.isThrowStatement(node)) return true;
  if (ts.isFunctionLike(node)) return false;
  return ts.forEachChild(node, (child) => throwsItself(child) || undefined) ?? false;
}

function isPromise(node: ts.Expression): boolean {
  if (ts.isNewExpression(node)) return node.expression.getText() === "Promise";
  return ts.isCallExpression(node) && /^(?:Promise\.\w+|fetch)$/.test(node.expression.getText());
}

function refusedSyntax({ site, slice }: Subject): string | undefined {
  const codes = factsOf(slice);
  if (slice.asksPlace) return "asks for its own place on disk, which is another one where it would run";
  if (slice.loadsUnknown) return "loads a module whose name is known only at run time";
  if (site.kind === "static-method" && collectFacts(site.node).thisNode) return "uses `this`, which its caller decides";
  if (ts.isArrowFunction(site.node) && mentionsArguments(site.node))
    return "uses the `arguments` of the code around it";
  if (site.binding === site.name && codes.some(({ facts }) => facts.references.some(isOwnProperty(site.name))))
    return "keeps something in properties of its own";
  return undefined;
}

/** `f.calls += 1`: the stub is another object than the function. */
function isOwnProperty(own: string): (reference: Reference) => boolean {
  return ({ name, chain }) =>
    name === own && chain.length > 0 && !/^(?:call|apply|bind|name|length)$/.test(chain[0] ?? "");
}

function refusedLoadEffect({ loadEffect }: Subject): string | undefined {
  if (!loadEffect) return undefined;
  const { name, text, line } = loadEffect;
  const what = name === undefined ? "what line" : `\`${name}\`, which line`;
  return `uses ${what} ${line} makes by \`${text}\`: made anew where it would run, it would be another one`;
}

/** Only variables with constant names can be sent along. */
function refusedEnvironment(slice: Slice): string | undefined {
  if (!slice.model.effects.includes("environment")) return undefined;
  const unknown = factsOf(slice).some(({ facts }) =>
    facts.references.some(
      ({ name, chain, use, deferred }) =>
        name === "process" &&
        chain[0] === "env" &&
        // What is set while a file loads is sent with each call.
        (chain[1] === undefined || chain[1] === "*" || (deferred && (use === "write" || use === "mutate"))),
    ),
  );
  return unknown ? "uses the environment other than by reading variables of constant names" : undefined;
}
