/** State that no assignment to a module variable shows: in closures, instances, generators, or made while loading. */
import { ts } from "ts-morph";
import { collectFacts, hasModifier, type Facts, type Reference } from "./facts.ts";
import { assignedMember } from "./assigned-members.ts";
import { declarationBehind, functionOf, unwrap, type Declared } from "./lookup.ts";
import { changedByMembers, dataProperties } from "./members.ts";
import type { Binding, Module } from "./module.ts";
import { effectOf, outsideNameOf } from "./outside-names.ts";
import { sentConstants } from "./sent-constants.ts";
import type { Workspace } from "./workspace.ts";

export interface Hidden {
  /** Why it is state, to be said behind "which". */
  readonly because: string;
  /** Why it cannot travel, to be said behind its name; undefined when it can. */
  readonly refusal?: string;
  /** Using it changes it. */
  readonly writes: boolean;
}

/** State behind a name that nothing assigns to; undefined when there is none. */
export function hiddenState(workspace: Workspace, module: Module, binding: Binding): Hidden | undefined {
  const { declaration } = binding;
  if (changingMembers(workspace, module).has(binding.name))
    return refused("is changed by a function that is its member");
  if (ts.isClassLike(declaration)) return staticState(declaration);
  if (!ts.isVariableDeclaration(declaration) || !declaration.initializer) return undefined;
  if (functionOf(declaration)) return undefined;
  const initializer = unwrap(declaration.initializer);
  if (ts.isClassLike(initializer)) return staticState(initializer);
  return ofValue(workspace, module, binding, initializer) ?? madeWhileLoading(workspace, module, binding);
}

/** `counter.next = function () { return ++this.n; }`: names of what is changed so. */
function changingMembers(workspace: Workspace, module: Module): ReadonlySet<string> {
  return workspace.remember("changing members", module, () => {
    const members = module.items.flatMap((item) => assignedMember(module, item) ?? []);
    return new Set(
      members.flatMap(({ kind, binding, node }) =>
        kind === "static-method" && collectFacts(node).writesThis ? [binding] : [],
      ),
    );
  });
}

function ofValue(workspace: Workspace, module: Module, binding: Binding, value: ts.Expression): Hidden | undefined {
  if (ts.isNewExpression(value)) return instanceState(workspace, module, value);
  if (ts.isRegularExpressionLiteral(value)) return searchState(module, binding.name, value);
  if (ts.isObjectLiteralExpression(value)) return objectState(value);
  return ts.isCallExpression(value) ? callState(workspace, module, value) : undefined;
}

function refused(because: string): Hidden {
  return { because, refusal: `${because} and cannot travel`, writes: true };
}

function callState(workspace: Workspace, module: Module, value: ts.CallExpression): Hidden | undefined {
  if (collectFacts(value).writesClosure) return refused("keeps state in a closure");
  const callee = declarationOf(workspace, module, value.expression);
  if (callee && isGenerator(callee.declaration)) return refused("is a generator that goes on where it was");
  if (callee?.items.some(({ facts }) => facts.writesClosure)) return refused("keeps state in a closure");
  const keeper = keeperOfPackage(workspace, module, value);
  return keeper === undefined ? undefined : refused(`is made by \`${keeper}\` and keeps state in a package`);
}

/** Functions of packages that make something that remembers. */
const keepers =
  /^(?:once|memoize|memoise|memo|memoizeOne|moize|debounce|throttle|after|before|pThrottle|pMemoize|pLimit|pQueue)$/;

function keeperOfPackage(workspace: Workspace, module: Module, { expression }: ts.CallExpression): string | undefined {
  const [name, ...chain] = expression.getText().split(".");
  if (name === undefined || !/^[\p{ID_Start}$_]/u.test(name)) return undefined;
  const outside = module.bindings.has(name) ? outsideNameOf(workspace, module, { name, chain }) : undefined;
  if (outside?.origin !== "package") return undefined;
  return keepers.test(outside.path.at(-1) ?? name) || keepers.test(name) ? expression.getText() : undefined;
}

function isGenerator(declaration: ts.Node): boolean {
  const definition = functionOf(declaration);
  return definition !== undefined && "asteriskToken" in definition && definition.asteriskToken !== undefined;
}

/** `/a/g.test(text)` goes on behind its last match. */
function searchState(module: Module, name: string, { text }: ts.RegularExpressionLiteral): Hidden | undefined {
  if (!/[gy][a-z]*$/.test(text)) return undefined;
  const isAsked = module.items.some(({ facts }) =>
    facts.references.some(({ name: used, chain }) => used === name && (chain[0] === "test" || chain[0] === "exec")),
  );
  return isAsked ? { because: "remembers where its last match ended (flags g and y)", writes: true } : undefined;
}

function staticState(node: ts.ClassLikeDeclaration): Hidden | undefined {
  const inner = ts.isClassExpression(node) ? node.name?.text : undefined;
  const isChangedInside = collectFacts(node).localChanges.some(({ name, use }) => name === inner && use === "mutate");
  if (isChangedInside) return refused(`changes its static fields by the name \`${inner}\`, which only it knows,`);
  const isChanged = node.members.some(
    (member) => hasModifier(member, ts.SyntaxKind.StaticKeyword) && collectFacts(member).writesThis,
  );
  if (!isChanged) return undefined;
  return { because: "changes its static fields", writes: true };
}

/** `const counter = { n: 0, next() { return ++this.n; } }` */
function objectState(node: ts.ObjectLiteralExpression): Hidden | undefined {
  const changed = changedByMembers(node);
  if (changed === undefined) return undefined;
  const because = "is changed by its own methods";
  const known = new Set(dataProperties(node));
  const isKnown = changed.every((name) => known.has(name));
  return {
    because,
    ...(!isKnown && { refusal: `${because}, and an object with methods cannot travel` }),
    writes: true,
  };
}

function instanceState(workspace: Workspace, module: Module, { expression }: ts.NewExpression): Hidden | undefined {
  const binding = declarationOf(workspace, module, expression);
  if (!binding || !ts.isClassLike(binding.declaration)) return undefined;
  const changes = binding.items.some(({ facts }) => facts.writesThis);
  return changes
    ? { because: `is an instance of \`${binding.name}\`, whose methods change it`, writes: false }
    : undefined;
}

/** The binding of the project that an identifier names, through imports. */
function declarationOf(
  workspace: Workspace,
  module: Module,
  expression: ts.Expression,
): Declared["binding"] | undefined {
  if (!ts.isIdentifier(expression)) return undefined;
  return declarationBehind(workspace, module, { name: expression.text, chain: [] })?.binding;
}

const sources = {
  random: "random numbers",
  time: "the clock",
  process: "the process or machine",
  network: "the network",
} as const;

/** `const id = randomUUID()`: evaluated again in the cloud, it would be another one. */
function madeWhileLoading(workspace: Workspace, module: Module, { items, kind }: Binding): Hidden | undefined {
  for (const item of items) {
    const found = sourceIn(workspace, module, item.facts, new Set());
    if (!found) continue;
    const because = `is computed from ${sources[found.from]} (\`${found.text}\`) when its file is loaded`;
    const travels = kind === "let" || sentConstants(workspace, module, item).length > 0;
    return {
      because,
      writes: false,
      ...(travels ? {} : { refusal: `${because}, and would be another one in the cloud` }),
    };
  }
  return undefined;
}

interface Source {
  readonly from: keyof typeof sources;
  readonly text: string;
}

/** What code that runs at once asks for that is never the same twice; also through functions of the project. */
function sourceIn(workspace: Workspace, module: Module, { references }: Facts, seen: Set<object>): Source | undefined {
  for (const reference of references) {
    if (reference.deferred) continue;
    const isRun = reference.use === "call" || reference.use === "new";
    const found =
      sourceOutside(workspace, module, reference) ??
      (isRun ? sourceInCalled(workspace, module, reference, seen) : undefined);
    if (found) return found;
  }
  return undefined;
}

function sourceOutside(workspace: Workspace, module: Module, reference: Reference): Source | undefined {
  const outside = outsideNameOf(workspace, module, reference);
  const effect = outside && effectOf(outside, reference);
  if (!outside || !effect) return undefined;
  const text = [reference.name, ...reference.chain].join(".");
  // Clients of the network are the same everywhere, what it answers is not.
  if (effect === "network")
    return outside.origin === "global" && reference.use === "call" ? { from: effect, text } : undefined;
  if (effect === "process") return { from: effect, text };
  const isUse = reference.use !== "read";
  return isUse && (effect === "random" || effect === "time") ? { from: effect, text } : undefined;
}

function sourceInCalled(
  workspace: Workspace,
  module: Module,
  reference: Reference,
  seen: Set<object>,
): Source | undefined {
  const declared = declarationBehind(workspace, module, reference);
  if (!declared || seen.has(declared.binding.declaration)) return undefined;
  const { declaration } = declared.binding;
  seen.add(declaration);
  const bodies = ts.isClassLike(declaration) ? bodiesOfClass(declaration) : [functionOf(declaration)?.body];
  for (const body of bodies) {
    const found = body && sourceIn(workspace, declared.module, collectFacts(body), seen);
    if (found) return found;
  }
  return undefined;
}

/** What runs when an instance is made. */
function bodiesOfClass({ members }: ts.ClassLikeDeclaration): (ts.Node | undefined)[] {
  return members.map((member) => {
    if (ts.isConstructorDeclaration(member)) return member.body;
    return ts.isPropertyDeclaration(member) && !hasModifier(member, ts.SyntaxKind.StaticKeyword)
      ? member.initializer
      : undefined;
  });
}
