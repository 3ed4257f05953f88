/**
 * Which functions that can move may also be called by a stub without anybody noticing. The rules and their reasons:
 * docs/decompose.md. When in doubt a function stays.
 */
import { ts } from "ts-morph";
import { environmentUse } from "../analysis/typescript/environment.ts";
import { collectFacts, type Facts, type Reference } from "../analysis/typescript/facts.ts";
import type { FunctionSite } from "../analysis/typescript/function-sites.ts";
import { functionOf } from "../analysis/typescript/lookup.ts";
import { isGenerator } from "../analysis/typescript/own-code.ts";
import type { Module } from "../analysis/typescript/module.ts";
import type { LoadEffect } from "../analysis/typescript/program.ts";
import type { Slice } from "../analysis/typescript/slice.ts";
import { waits, waitsOutside } from "../analysis/typescript/waiting.ts";
import { mentionsArguments, namesDeclaredBy } from "../analysis/typescript/scopes.ts";
import { returnedExpressions } from "../analysis/typescript/type-texts.ts";
import type { Effect } from "../core/function-model.ts";
import { readsText } from "./decompose-roots.ts";
import { stubSignature } from "./decompose-signature.ts";

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

export type Ruling =
  | {
      readonly mode: CallMode;
      /** Something of it may still wait in a queue of its process when it has returned. */
      readonly isLate: boolean;
    }
  | { readonly reason: string };

/** How the function is called when it moves, or why it stays. */
export function ruleOn(subject: Subject): Ruling {
  const { site, slice } = subject;
  const effects = new Set<Effect>(slice.model.effects);
  const reason =
    refusedProcess(effects) ?? refusedSyntax(subject) ?? refusedLoadEffect(subject) ?? refusedEnvironment(slice);
  if (reason !== undefined) return { reason };
  const isOutside = waitsOutside(slice.model.effectUses);
  if (slice.model.async && !(site.made && isOutside)) return ruleOnAsync(subject, effects, isOutside);
  // What packages leave in queues nobody has looked at.
  const isLate = slice.packages.length > 0 || factsOf(slice).some(({ node }) => waits(node));
  if (!isOutside) return { mode: "blocking", isLate };
  // Of a function that was made nobody knows what it gives before it is called.
  if (!site.made && returnsPromise(site)) return ruleOnAsync(subject, effects, isOutside);
  return { reason: "starts something that goes on after it has returned" };
}

function refusedProcess(effects: ReadonlySet<Effect>): string | undefined {
  return effects.has("process") ? "asks about the process that it runs in, which would be another one" : undefined;
}

function ruleOnAsync({ site, slice }: Subject, effects: ReadonlySet<Effect>, isOutside: boolean): Ruling {
  const codes = factsOf(slice);
  // The program waits for each step of it, and everything else with it.
  if (slice.model.converses && !isOutside) return { mode: "blocking", isLate: true };
  const isLate = isOutside || codes.some(({ node }) => waits(node));
  if (isLate && slice.state.some(({ sent }) => !sent))
    return { reason: "is asynchronous and uses variables that change, which others may change while it waits" };
  // What a generator prints comes with the value that it was asked for.
  if (isLate && effects.has("console") && !isGenerator(site.node)) {
    return { reason: "prints while it waits, and its output could come in another order" };
  }
  if (!isOutside) return { mode: "blocking", isLate };
  const does = whatComesLate(slice, effects);
  const isLoose = does !== undefined && codes.some(({ facts }) => facts.references.some(isLooseTimer));
  return isLoose ? { reason: `${does}, perhaps after its promise is settled` } : { mode: "waiting", isLate: true };
}

/** What its caller has to know of, but nobody tells it of when the call is over. */
function whatComesLate({ model }: Slice, effects: ReadonlySet<Effect>): string | undefined {
  if (effects.has("arguments")) return "changes its arguments";
  return model.converses ? "talks with its caller" : undefined;
}

interface Code {
  readonly module: Module;
  readonly node: ts.Node;
  readonly facts: Facts;
}

/** All code of the unit. */
function factsOf({ files, lifted }: Slice): readonly Code[] {
  const own = files[0]?.module;
  const parts =
    own && lifted ? lifted.lift.parts.map(({ node }) => ({ module: own, node, facts: collectFacts(node) })) : [];
  const kept = files.flatMap(({ module, keep }) =>
    Array.from(keep, ({ node, kind }) => ({ module, node, kind }))
      .filter(({ kind }) => kind !== "type" && kind !== "import")
      .map(({ node }) => ({ module, node, facts: collectFacts(node) })),
  );
  return [...parts, ...kept];
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
  if (slice.isShared) return "may be another function that the program knows by another name as well";
  if (slice.asksPlace) return "asks for its own place on disk, which is another one where it would run";
  if (slice.loadsUnknown) return "loads a module whose name is known only at run time";
  if (hidesItsHome(site)) return "uses `this`, which its caller decides";
  const parameters = refusedParameters(site);
  if (parameters !== undefined) return parameters;
  const isUnknown = isUnknownProperty(site, slice);
  if (site.binding === site.name && codes.some(({ facts }) => facts.references.some(isUnknown)))
    return "keeps something in properties of its own";
  if (remembersStrings(slice, codes)) return "has templates whose tag may remember them";
  if (codes.some(({ module, facts }) => facts.references.some((one) => readsText(one) && isCodeOf(module, one))))
    return "reads the text of a function, which is another one where it would run";
  return undefined;
}

function refusedParameters({ node, made }: FunctionSite): string | undefined {
  if (isGenerator(node) && stubSignature(node, false).edit)
    return "is a generator that takes its parameters apart when it is called, which is before it is asked for anything";
  if (!made && ts.isArrowFunction(node) && mentionsArguments(node)) return "uses the `arguments` of the code around it";
  return undefined;
}

/** A static method, or one of a constant object, whose class or object nothing in it can name. */
function hidesItsHome({ kind, node, binding, expression }: FunctionSite): boolean {
  if (kind !== "static-method" || collectFacts(node).thisNode === undefined) return false;
  if (ts.isArrowFunction(node)) return true;
  const name = binding ?? /\.bind\((\w+)/.exec(expression)?.[1];
  return name === undefined || namesDeclaredBy(node).has(name);
}

/** A tag gets the same list of strings each time, which the caller's side cannot know. */
function remembersStrings({ model }: Slice, codes: readonly Code[]): boolean {
  const isStateful = model.state.some(({ treatment }) => treatment === "travelling");
  return isStateful && codes.some(({ node }) => hasOwnTag(node));
}

function hasOwnTag(node: ts.Node): boolean {
  if (ts.isTaggedTemplateExpression(node) && node.tag.getText() !== "String.raw") return true;
  return ts.forEachChild(node, (child) => hasOwnTag(child) || undefined) ?? false;
}

/** Does the name stand for a function or class of the file? */
function isCodeOf({ bindings }: Module, { name }: Reference): boolean {
  const declaration = bindings.get(name)?.declaration;
  return declaration !== undefined && (ts.isClassLike(declaration) || functionOf(declaration) !== undefined);
}

/** `f.calls`: the stub is another object than the function, so it must be known who gives it this property. */
function isUnknownProperty({ name: own }: FunctionSite, { files }: Slice): (reference: Reference) => boolean {
  const ownFile = files[0]?.module;
  const given = new Set(
    ownFile?.items.flatMap(({ facts }) =>
      facts.references.flatMap(({ name, use, chain }) => (name === own && use === "mutate" ? [chain[0]] : [])),
    ),
  );
  return ({ name, chain: [first] }) =>
    name === own && first !== undefined && !/^(?:call|apply|bind|name|length)$/.test(first) && !given.has(first);
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
  const unknown = factsOf(slice).some(({ module, facts }) =>
    facts.references.some((reference) => {
      const use = environmentUse(module, reference);
      // What is set while a file loads is sent with each call.
      return use !== undefined && (use.isOpen || (use.isWrite && reference.deferred));
    }),
  );
  return unknown ? "uses the environment other than by reading variables of constant names" : undefined;
}
