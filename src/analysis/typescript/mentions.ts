/** Where the code of a program uses functions of it: what is rewired when these move. */
import { ts } from "ts-morph";
import { formatFunctionRef, type FunctionRef } from "../../core/function-ref.ts";
import { functionSitesOf, type FunctionSite } from "./function-sites.ts";
import { declarationBehind } from "./lookup.ts";
import { scopeOf, usesIn, variableIn } from "./local-variables.ts";
import { lineOf, type Module } from "./module.ts";
import type { Program } from "./program.ts";
import type { Workspace } from "./workspace.ts";

/** One use of a function, outside the functions that were asked about. */
export interface Mention {
  /** The function that is used. */
  readonly ref: FunctionRef;
  /** Absolute path of the file that uses it. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** The named function around it; absent at the top level. */
  readonly within?: string;
  /** `value`: it is handed on, as in `list.map(f)` · `perhaps`: a property of this name, of an object that is not known. */
  readonly kind: "call" | "value" | "perhaps";
}

interface Asked {
  /** By file and top-level name. */
  readonly plain: ReadonlyMap<string, FunctionRef>;
  /** By file and the name of the class or object, then by the member's. */
  readonly members: ReadonlyMap<string, ReadonlyMap<string, FunctionRef>>;
  /** By the member's name alone: methods of instances. */
  readonly byMember: ReadonlyMap<string, readonly FunctionRef[]>;
}

export function mentionsOf(
  workspace: Workspace,
  { files, around }: Program,
  refs: readonly FunctionRef[],
): readonly Mention[] {
  const modules = [...files, ...around].map(({ module }) => module);
  const names = new Set(refs.map(formatFunctionRef));
  const tables = new Map(modules.map((module) => [module.file, functionSitesOf(module)]));
  const nested = new Set(
    Array.from(tables).flatMap(([file, sites]) =>
      sites.filter(({ nestedIn }) => nestedIn).map(({ name }) => formatFunctionRef({ file, name })),
    ),
  );
  const asked = askedFor(refs.filter((ref) => !nested.has(formatFunctionRef(ref))));
  return modules.flatMap((module) => {
    const sites = tables.get(module.file) ?? [];
    const bodies = new Set<ts.Node>(
      sites.flatMap(({ name, node }) => (names.has(formatFunctionRef({ file: module.file, name })) ? [node] : [])),
    );
    const outside = (node: ts.Node): boolean => !isInside(node, bodies);
    const own = sites.filter(({ name }) => names.has(formatFunctionRef({ file: module.file, name })));
    return [...byName(workspace, module, asked), ...byProperty(module, asked), ...byScope(module, own)]
      .filter(({ node }) => outside(node))
      .map(({ ref, node, kind }) => {
        const within = siteAround(sites, node);
        return { ref, file: module.file, line: lineOf(node), kind, ...(within !== undefined && { within }) };
      })
      .toSorted((a, b) => a.line - b.line);
  });
}

function askedFor(refs: readonly FunctionRef[]): Asked {
  const plain = new Map<string, FunctionRef>();
  const members = new Map<string, Map<string, FunctionRef>>();
  const byMember = new Map<string, FunctionRef[]>();
  for (const ref of refs) {
    const [owner = "", member] = ref.name.split(".");
    const key = formatFunctionRef({ file: ref.file, name: owner });
    if (member === undefined) plain.set(key, ref);
    else {
      members.set(key, (members.get(key) ?? new Map()).set(member, ref));
      byMember.set(member, [...(byMember.get(member) ?? []), ref]);
    }
  }
  return { plain, members, byMember };
}

interface Found {
  readonly ref: FunctionRef;
  readonly node: ts.Node;
  readonly kind: Mention["kind"];
}

/** By names that declare or import the function, its class or its object. */
function byName(workspace: Workspace, module: Module, { plain, members }: Asked): Found[] {
  const references = module.items.flatMap(({ kind, facts }) => (kind === "type" ? [] : facts.references));
  return references.flatMap((reference) => {
    const declared = declarationBehind(workspace, module, reference);
    if (!declared) return [];
    const key = formatFunctionRef({ file: declared.module.file, name: declared.binding.name });
    const isWhole = module.bindings.get(reference.name)?.imported?.name === "*";
    const chain = isWhole ? reference.chain.slice(1) : reference.chain;
    const ref = chain[0] === undefined ? plain.get(key) : (members.get(key)?.get(chain[0]) ?? plain.get(key));
    if (!ref || isDeclaration(reference.node)) return [];
    return [{ ref, node: reference.node, kind: reference.use === "call" ? ("call" as const) : ("value" as const) }];
  });
}

/** Of nested functions: by the variables of the code around them. */
function byScope({ file }: Module, sites: readonly FunctionSite[]): Found[] {
  return sites.flatMap(({ name, node, nestedIn, expression }) => {
    const scope = nestedIn && scopeOf(node, expression);
    if (!scope || variableIn(scope, expression).declaration !== declarationOf(node)) return [];
    return usesIn(scope, expression).map((use) => ({
      ref: { file, name },
      node: use.node,
      kind: use.use === "call" ? ("call" as const) : ("value" as const),
    }));
  });
}

function declarationOf(node: ts.Node): ts.Node {
  return ts.isVariableDeclaration(node.parent) ? node.parent : node;
}

function isDeclaration({ parent }: ts.Identifier): boolean {
  return ts.isExportSpecifier(parent) || ts.isExportAssignment(parent);
}

/** `cart.add(…)`, where nobody knows what `cart` is. */
function byProperty({ file, sourceFile, bindings }: Module, { byMember, members }: Asked): Found[] {
  if (byMember.size === 0) return [];
  const found: Found[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAccessExpression(node)) {
      const { expression, name } = node;
      // A top-level name tells which class or object it is.
      const isKnown =
        ts.isIdentifier(expression) &&
        (members.has(formatFunctionRef({ file, name: expression.text })) ||
          isClassOrImport(bindings.get(expression.text)?.kind));
      if (!isKnown)
        found.push(...(byMember.get(name.text) ?? []).map((ref) => ({ ref, node: name, kind: "perhaps" as const })));
    }
    ts.forEachChild(node, visit);
  };
  visit(sourceFile);
  return found;
}

function isClassOrImport(kind: string | undefined): boolean {
  return kind === "class" || kind === "import" || kind === "function";
}

function isInside(node: ts.Node, bodies: ReadonlySet<ts.Node>): boolean {
  for (let outer: ts.Node | undefined = node; outer; outer = outer.parent) if (bodies.has(outer)) return true;
  return false;
}

/** The innermost one. */
function siteAround(sites: readonly FunctionSite[], node: ts.Node): string | undefined {
  const around = sites.filter((site) => node.pos >= site.node.pos && node.end <= site.node.end);
  return around.toSorted((a, b) => b.node.pos - a.node.pos)[0]?.name;
}
