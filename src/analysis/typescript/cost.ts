/** A cheap look at what a call of a function costs, and whether it is made over and over. */
import { ts } from "ts-morph";
import type { Cost } from "../../core/function-model.ts";
import { collectFacts } from "./facts.ts";
import type { FunctionSite } from "./function-sites.ts";
import type { Module } from "./module.ts";
import type { Workspace } from "./workspace.ts";

export interface CostEstimate {
  readonly cost: Cost;
  /** The first loop of the same file that calls it, from 1. */
  readonly loopLine?: number;
  /** Where the function is, from 1: the line of the hint. */
  readonly callLine?: number;
}

/** Methods that go through a list once for each element. */
const loopingMethods = new Set(
  "every filter find findIndex findLast findLastIndex flatMap forEach map reduce reduceRight some sort toSorted from".split(
    " ",
  ),
);

export function costOf(workspace: Workspace, module: Module, site: FunctionSite): CostEstimate {
  const cost = costByLook(site);
  if (cost !== "trivial") return { cost };
  const loopLine = loopsCalling(workspace, module).get(site.name);
  if (loopLine === undefined) return { cost };
  return { cost, loopLine, callLine: lineAt(module, site.nameNode) };
}

function lineAt({ sourceFile }: Module, node: ts.Node): number {
  return sourceFile.getLineAndCharacterOfPosition(node.getStart(sourceFile)).line + 1;
}

function costByLook({ node, nameNode }: FunctionSite): Cost {
  if (!node.body || hasLoop(node.body)) return "unknown";
  const { calls, references, moduleUses } = collectFacts(node);
  const own = nameNode.getText();
  if (references.some(({ name, use }) => name === own && use === "call")) return "unknown";
  const isMath = ({ expression }: ts.CallExpression | ts.NewExpression): boolean =>
    /^(?:Math\.\w+|Number|String|Boolean)$/.test(expression.getText());
  const isAsync = ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword);
  return calls.every(isMath) && moduleUses.length === 0 && !isAsync ? "trivial" : "small";
}

/** `for`, `while`, and callbacks, which mostly are loops. */
function hasLoop(body: ts.Node): boolean {
  const visit = (node: ts.Node): true | undefined => {
    if (ts.isIterationStatement(node, false) || ts.isFunctionLike(node)) return true;
    return ts.forEachChild(node, visit);
  };
  return visit(body) ?? false;
}

/** Names of functions → the line of the first loop that calls them. */
function loopsCalling(workspace: Workspace, module: Module): ReadonlyMap<string, number> {
  return workspace.remember("loops calling", module, () => {
    const found = new Map<string, number>();
    for (const { facts } of module.items) {
      for (const call of facts.calls) {
        const name = call.expression.getText();
        if (!/^[\p{ID_Continue}$.]+$/u.test(name) || found.has(name)) continue;
        const loop = loopAround(call);
        if (loop) found.set(name, lineAt(module, loop));
      }
      for (const { name, chain, argumentOf } of facts.references) {
        const called = [name, ...chain].join(".");
        if (argumentOf && isLoopingCall(argumentOf) && !found.has(called))
          found.set(called, lineAt(module, argumentOf));
      }
    }
    return found;
  });
}

/** The loop or the call with a callback that a call stands in, up to the function around it. */
function loopAround(call: ts.Node): ts.Node | undefined {
  for (let current: ts.Node = call; !ts.isSourceFile(current.parent); current = current.parent) {
    const { parent } = current;
    if (ts.isIterationStatement(parent, false)) return isRepeated(parent, current) ? parent : undefined;
    if (ts.isFunctionLike(parent)) {
      const isCallback = ts.isCallExpression(parent.parent) && parent.parent.expression !== parent;
      return isCallback && isLoopingCall(parent.parent) ? parent.parent : undefined;
    }
  }
  return undefined;
}

/** The list of a `for … of` is computed once. */
function isRepeated(loop: ts.IterationStatement, part: ts.Node): boolean {
  if (ts.isForOfStatement(loop) || ts.isForInStatement(loop)) return part === loop.statement;
  return !ts.isForStatement(loop) || part !== loop.initializer;
}

function isLoopingCall({ expression }: ts.CallExpression | ts.NewExpression): boolean {
  return ts.isPropertyAccessExpression(expression) && loopingMethods.has(expression.name.text);
}
