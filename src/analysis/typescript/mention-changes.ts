/** Whether code that mentions a variable changes it, when it runs. */
import { ts } from "ts-morph";
import {
  changesLocally,
  classOf,
  isChangedArgument,
  mayChangeThis,
  memberOf,
  type Looking,
} from "./argument-changes.ts";
import { outermostAccess, useOf, type Facts, type Reference } from "./facts.ts";
import { givesOut } from "./given-out.ts";
import { declarationBehind, functionOf, unwrap, type Declared } from "./lookup.ts";
import type { Module } from "./module.ts";
import type { Workspace } from "./workspace.ts";

/** Methods that change nothing but what a callback does, or only say something. */
export const harmlessMethods = new Set(
  (
    "at catch close concat connect debug end entries error every exec filter finally find findIndex findLast flat " +
    "flatMap forEach get has includes indexOf info join keys lastIndexOf listen log map match parse print reduce " +
    "reduceRight replace run slice some split start stop test then toString trace trim values warn"
  ).split(" "),
);

/** One mention of a variable that the project declares. */
export interface Mention {
  readonly module: Module;
  /** Of the code around it. */
  readonly facts: Facts;
  readonly reference: Reference;
  readonly declared: Declared;
}

/** Whether code that runs later changes the variable that it mentions, or what the variable holds. */
export function changesAt(workspace: Workspace, { module, facts, reference, declared }: Mention): boolean {
  const { use, call } = reference;
  const chain = chainBehind(module, reference);
  if (use === "write" || (use === "mutate" && !call)) return true;
  if (call && changesByMethod(workspace, declared, chain, use)) return true;
  const looking: Looking = { workspace, module, certainty: "run" };
  if (isChangedArgument(looking, reference)) return true;
  // What is changed of a function's result is not the function.
  return !isCode(declared) && changesLocally(looking, facts, reference);
}

function changesByMethod(
  workspace: Workspace,
  declared: Declared,
  chain: readonly string[],
  use: Reference["use"],
): boolean {
  if (chain.length === 0) return false;
  const member = chain.length === 1 ? memberOf(workspace, declared, chain[0]) : undefined;
  if (member ? mayChangeThis(member) : use === "mutate") return true;
  return chain.length > 1 && isOwnInstance(workspace, declared) && !harmlessMethods.has(chain.at(-1) ?? "");
}

export function isCode({ binding: { kind, declaration } }: Declared): boolean {
  return kind === "function" || kind === "class" || functionOf(declaration) !== undefined;
}

/** `getStore().count += 1` changes what `getStore` gives out: the variables that it returns. */
export function changedBehindResult(
  workspace: Workspace,
  { module, facts, reference, declared }: Mention,
): readonly Declared[] {
  const { use, call } = reference;
  if (use !== "call" || !call || !isCode(declared)) return [];
  const { chain, top } = outermostAccess(call);
  const isChanged = chain.length > 0 && useOf(top, chain) === "mutate";
  if (!isChanged && !changesLocally({ workspace, module, certainty: "run" }, facts, reference)) return [];
  return declared.binding.items.flatMap((item) =>
    item.facts.references.flatMap((inner) => {
      const given = declarationBehind(workspace, declared.module, inner);
      return given && givesOut(given, inner) ? [given] : [];
    }),
  );
}

function isOwnInstance(workspace: Workspace, { module, binding: { declaration } }: Declared): boolean {
  const value =
    ts.isVariableDeclaration(declaration) && declaration.initializer ? unwrap(declaration.initializer) : undefined;
  return value !== undefined && classOf(workspace, module, value) !== undefined;
}

/** Without the name that leads into another file: `shapes.list.push` → list, push. */
function chainBehind({ bindings }: Module, { name, chain }: Reference): readonly string[] {
  return bindings.get(name)?.imported?.name === "*" ? chain.slice(1) : chain;
}
