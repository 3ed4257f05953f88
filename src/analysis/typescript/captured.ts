/** What is said of the variables around a nested function that travel with its calls. */
import { ts } from "ts-morph";
import type { Reason } from "../../core/function-model.ts";
import type { Facts } from "./facts.ts";
import type { FunctionSite } from "./function-sites.ts";
import type { CapturedVariable, Lift } from "./lift.ts";
import { lineOf } from "./module.ts";

interface Nested {
  readonly site: FunctionSite;
  readonly lift?: Lift | undefined;
  readonly facts: Facts;
}

/** "changes `count` of `main`, which travels with the call and back" */
export function capturedReason(site: FunctionSite, { captured }: Lift): Reason | undefined {
  const changed = captured.filter(({ isWritten, isChanged }) => isWritten || isChanged);
  return reasonFor(site, changed, { verb: "changes", way: "with the call and back" });
}

/** "uses `rate` of `main`, which travels with the call" */
export function capturedHints({ site, lift, facts }: Nested): Reason[] {
  const reason = lift && capturedRead(site, lift);
  const { thisNode, writesThis } = facts;
  const self = !site.owner && thisNode && !writesThis && thisNode.kind === ts.SyntaxKind.ThisKeyword;
  return [
    ...(reason ? [reason] : []),
    ...(self ? [{ message: "uses `this`, which travels with the call", line: lineOf(thisNode) }] : []),
  ];
}

function capturedRead(site: FunctionSite, lift: Lift): Reason | undefined {
  const read = lift.captured.filter(({ isWritten, isChanged }) => !isWritten && !isChanged);
  return reasonFor(site, read, { verb: "uses", way: "with the call" });
}

function reasonFor(
  { nestedIn }: FunctionSite,
  variables: readonly CapturedVariable[],
  { verb, way }: { readonly verb: string; readonly way: string },
): Reason | undefined {
  const [first] = variables;
  if (!first || !nestedIn) return undefined;
  const names = variables.map(({ name }) => `\`${name}\``).join(", ");
  const of = nestedIn.name === "" ? "the code around it" : `\`${nestedIn.name}\``;
  return {
    message: `${verb} ${names} of ${of}, which ${variables.length === 1 ? "travels" : "travel"} ${way}`,
    line: first.line,
  };
}
