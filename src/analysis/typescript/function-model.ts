/** Puts together what analysis knows of one function. */
import { ts } from "ts-morph";
import type { Call, Capture, Directive, FunctionModel } from "../../core/function-model.ts";
import type { Position0, Range0 } from "../../core/positions.ts";
import { methodUse } from "./class-facts.ts";
import { costOf } from "./cost.ts";
import { effectsReached, type Effects } from "./effects.ts";
import { collectFacts, hasModifier, noFacts, type Facts } from "./facts.ts";
import type { FunctionSite } from "./function-sites.ts";
import { bindingsOf, lineOf, type Binding, type Module } from "./module.ts";
import { effectOf, outsideNameOf } from "./outside-names.ts";
import { judge, type Evidence } from "./judge.ts";
import { localCaptures } from "./own-code.ts";
import { reachFrom, type Reach } from "./reach.ts";
import { declaredType, parametersOf, realParameters, returnTypeOf, typeText } from "./type-texts.ts";
import { moduleOfType } from "./value-types.ts";
import type { Workspace } from "./workspace.ts";

export interface AnalysedFunction {
  readonly model: FunctionModel;
  readonly effects: Effects;
  readonly reach: Reach;
}

/** Judges one function. Never throws. */
export function analyseFunction(
  workspace: Workspace,
  module: Module,
  site: FunctionSite,
  directive?: Directive,
): AnalysedFunction {
  const facts = collectFacts(site.node);
  const method = methodUse(workspace, module, site);
  const whole = method ? together([facts, ...method.others, ...heritageFacts(site, facts)]) : facts;
  const reach = reachFrom(workspace, {
    module,
    facts: whole,
    ...(needsItem(site, facts) ? { item: site.item } : {}),
    ...(site.binding === undefined ? {} : { name: site.binding }),
  });
  const effects = effectsReached(workspace, { module, facts: whole }, reach);
  const convention = conventionOf(module, site);
  const isAsync = hasModifier(site.node, ts.SyntaxKind.AsyncKeyword);
  const cost = costOf(workspace, module, site);
  const evidence: Evidence = {
    workspace,
    module,
    site,
    facts,
    reach,
    effects,
    convention,
    isAsync,
    directive,
    cost,
    instance: method?.instance,
  };
  const { verdict, reasons, names, state } = judge(evidence);
  const model: FunctionModel = {
    file: module.file,
    name: site.name,
    kind: site.kind,
    range: rangeOf(site.rangeNode),
    nameRange: isNamed(site) ? rangeOf(site.nameNode) : firstCharacters(site.nameNode),
    exported: site.exported,
    async: isAsync,
    parameters: parametersOf(site.node),
    returnType: returnTypeOf(site.node),
    convention,
    captures: capturesOf(workspace, { module, site, reach, facts }),
    calls: callsOf(workspace, module, facts),
    effects: names,
    effectUses: effects.uses,
    state,
    ...(effects.environment.length > 0 ? { environment: effects.environment } : {}),
    ...(effects.assets.length > 0 ? { assets: effects.assets } : {}),
    ...(method?.instance ? { instance: method.instance } : {}),
    ...(directive ? { directive } : {}),
    cost: cost.cost,
    verdict,
    reasons,
  };
  return { model, effects, reach };
}

/** Does more run than its own code: the object that it is called on, or what makes it? */
function needsItem({ kind, made }: FunctionSite, { thisNode }: Facts): boolean {
  return made !== undefined || (kind === "static-method" && thisNode !== undefined);
}

/** A class needs what it extends, whichever of its methods is called. */
function heritageFacts({ owner }: FunctionSite, { thisNode }: Facts): Facts[] {
  if (!owner || !ts.isClassLike(owner) || !thisNode) return [];
  return (owner.heritageClauses ?? []).map((clause) => collectFacts(clause));
}

/** Of pieces of code that run as one. */
function together(parts: readonly Facts[]): Facts {
  const [first, ...others] = parts;
  if (!first || others.length === 0) return first ?? noFacts();
  return {
    ...first,
    references: parts.flatMap(({ references }) => references),
    localChanges: parts.flatMap(({ localChanges }) => localChanges),
    calls: parts.flatMap(({ calls }) => calls),
    moduleUses: parts.flatMap(({ moduleUses }) => moduleUses),
    metaNodes: parts.flatMap(({ metaNodes }) => metaNodes),
  };
}

/** `(event, context[, callback])`, or one of Lambda's handler types. */
function conventionOf(module: Module, { node }: FunctionSite): FunctionModel["convention"] {
  const type = ts.isVariableDeclaration(node.parent) ? node.parent.type : undefined;
  const name = type && ts.isTypeReferenceNode(type) && ts.isIdentifier(type.typeName) ? type.typeName.text : "";
  // Express and others have handler types, too.
  const isHandlerType = /Handler(?:V2)?$/.test(name) && moduleOfType(module, name) === "aws-lambda";
  return isHandlerType || takesEventAndContext(realParameters(node)) ? "lambda" : "plain";
}

function takesEventAndContext(parameters: readonly ts.ParameterDeclaration[]): boolean {
  const [event, context, callback, ...others] = parameters;
  if (!event || !context || others.length > 0) return false;
  const isNamed = /^_?(?:event|evt)$/.test(event.name.getText()) && /^_?(?:context|ctx)$/.test(context.name.getText());
  const isTyped = /^(?:\w+\.)?Context$/.test(typeOf(context));
  return (isNamed || isTyped) && (!callback || /^_?(?:callback|cb|done)$/.test(callback.name.getText()));
}

function typeOf(parameter: ts.ParameterDeclaration): string {
  const type = declaredType(parameter);
  return type ? typeText(type) : "";
}

function capturesOf(
  workspace: Workspace,
  { module, site, reach, facts }: Pick<Evidence, "module" | "site" | "reach" | "facts">,
): Capture[] {
  const captures = new Map<string, Capture>();
  const seen = new Set<Binding>();
  const add = (home: Module, binding: Binding): void => {
    if (seen.has(binding) || (home === module && binding.name === site.binding)) return;
    seen.add(binding);
    const capture = workspace.remember("capture", binding, () => captureOf(workspace, home, binding));
    const key = `${capture.name}\0${capture.from}\0${capture.line ?? ""}`;
    if (!captures.has(key)) captures.set(key, capture);
  };
  for (const { name } of facts.references) {
    const binding = module.bindings.get(name);
    if (binding) add(module, binding);
  }
  for (const { module: home, item } of reach.items) {
    for (const binding of bindingsOf(home).get(item) ?? []) {
      const { imported } = binding;
      // The project's own import only leads to the declaration, which is reached as well.
      if (!imported || workspace.resolve(home, imported.specifier).kind !== "source") add(home, binding);
    }
  }
  const locals = site.nestedIn ? localCaptures(site.nestedIn, site.node) : [];
  const asLocal = ({ text, line }: { text: string; line: number }): Capture => ({
    name: text,
    kind: "local",
    from: module.file,
    line,
  });
  return [...locals.map(asLocal), ...captures.values()];
}

function captureOf(workspace: Workspace, module: Module, binding: Binding): Capture {
  const { name } = binding;
  if (!binding.imported) return { name, kind: binding.kind, from: module.file, line: lineOf(binding.node) };
  const resolution = workspace.resolve(module, binding.imported.specifier);
  if (resolution.kind === "package" || resolution.kind === "builtin")
    return { name, kind: "import", from: resolution.name };
  if (resolution.kind === "unresolved") return { name, kind: "import", from: binding.imported.specifier };
  const target = resolution.kind === "source" ? workspace.tryModule(resolution.file) : undefined;
  const local = target?.exports.get(binding.imported.name)?.local;
  const declared = local === undefined ? undefined : target?.bindings.get(local);
  return { name, kind: "import", from: resolution.file, line: declared ? lineOf(declared.node) : 1 };
}

function callsOf(workspace: Workspace, module: Module, facts: Facts): Call[] {
  return facts.calls.map((node) => {
    const reference = facts.references.find(({ call }) => call === node);
    const outside = reference && outsideNameOf(workspace, module, reference);
    const isInternal = reference && module.bindings.has(reference.name) && !outside;
    const isIo = reference && outside && effectOf(outside, reference) !== undefined;
    return {
      callee: calleeText(node.expression),
      kind: isInternal ? "internal" : isIo ? "io" : "other",
      line: lineOf(node),
    };
  });
}

/** As written, with the arguments of calls inside it left out. */
function calleeText(node: ts.Expression): string {
  if (ts.isIdentifier(node) || node.kind === ts.SyntaxKind.ThisKeyword || node.kind === ts.SyntaxKind.SuperKeyword)
    return node.getText();
  if (node.kind === ts.SyntaxKind.ImportKeyword) return "import";
  if (ts.isPropertyAccessExpression(node)) return `${calleeText(node.expression)}.${node.name.text}`;
  if (ts.isElementAccessExpression(node)) return `${calleeText(node.expression)}[…]`;
  if (ts.isNonNullExpression(node) || ts.isParenthesizedExpression(node)) return calleeText(node.expression);
  return ts.isCallExpression(node) ? `${calleeText(node.expression)}()` : "…";
}

function isNamed({ nameNode }: FunctionSite): boolean {
  return ts.isIdentifier(nameNode) || nameNode.kind === ts.SyntaxKind.FunctionKeyword;
}

/** A nameless arrow function is pointed at by its start. */
function firstCharacters(node: ts.Node): Range0 {
  const { start } = rangeOf(node);
  return { start, end: { line0: start.line0, column0: start.column0 + 1 } };
}

function rangeOf(node: ts.Node): Range0 {
  const sourceFile = node.getSourceFile();
  const at = (offset: number): Position0 => {
    const { line, character } = sourceFile.getLineAndCharacterOfPosition(offset);
    return { line0: line, column0: character };
  };
  return { start: at(node.getStart(sourceFile)), end: at(node.getEnd()) };
}
