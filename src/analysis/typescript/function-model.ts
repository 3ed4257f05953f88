/** Puts together what analysis knows of one function. */
import { ts } from "ts-morph";
import type { Call, Capture, Directive, FunctionModel, Parameter } from "../../core/function-model.ts";
import type { Position0, Range0 } from "../../core/positions.ts";
import { methodUse } from "./class-facts.ts";
import { costOf } from "./cost.ts";
import { effectsReached, type Effects } from "./effects.ts";
import { collectFacts, hasModifier, type Facts } from "./facts.ts";
import type { FunctionSite } from "./function-sites.ts";
import { bindingsOf, lineOf, type Binding, type Module } from "./module.ts";
import { effectOf, outsideNameOf } from "./outside-names.ts";
import { judge, type Evidence } from "./judge.ts";
import { liftOf, together, type Lift } from "./lift.ts";
import { reachFrom, type Reach, type ReachRoot } from "./reach.ts";
import { mentionsArguments } from "./scopes.ts";
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
  const lift = liftOf(site);
  const facts = lift?.facts ?? collectFacts(site.node);
  const method = methodUse(workspace, module, site);
  const whole = method ? together([facts, ...method.others, ...heritageFacts(site, facts)]) : facts;
  const reach = reachFrom(workspace, {
    module,
    facts: whole,
    ...(needsItem(site, facts) ? { item: site.item } : {}),
    ...nameIn(module, site),
  });
  const effects = effectsReached(workspace, { module, facts: whole }, reach);
  const convention = conventionOf(module, site);
  const isAsync = hasModifier(site.node, ts.SyntaxKind.AsyncKeyword);
  const cost = costOf(workspace, module, site);
  const evidence: Evidence = {
    workspace,
    module,
    site,
    lift,
    facts,
    reach,
    effects,
    convention,
    isAsync,
    directive,
    cost,
    instance: method?.instance,
  };
  const { verdict, reasons, names, state, converses } = judge(evidence);
  const model: FunctionModel = {
    ...identityOf(module, site),
    async: isAsync,
    parameters: [...parametersOf(site.node), ...capturedParameters(site, lift)],
    returnType: returnTypeOf(site.node),
    convention,
    captures: capturesOf(workspace, { module, site, reach, facts, lift }),
    calls: callsOf(workspace, module, facts),
    effects: names,
    effectUses: effects.uses,
    state,
    ...(effects.environment.length > 0 ? { environment: effects.environment } : {}),
    ...(effects.assets.length > 0 ? { assets: effects.assets } : {}),
    ...(method?.instance ? { instance: method.instance } : {}),
    ...(directive ? { directive } : {}),
    cost: cost.cost,
    ...(converses && { converses }),
    verdict,
    reasons,
  };
  return { model, effects, reach };
}

function identityOf(module: Module, site: FunctionSite) {
  return {
    file: module.file,
    name: site.name,
    kind: site.kind,
    range: rangeOf(site.rangeNode),
    nameRange: isNamed(site) ? rangeOf(site.nameNode) : firstCharacters(site.nameNode),
    exported: site.exported,
  };
}

/** What reach is told of a function's name: statements that call it, or the code around it, are the program. */
export function nameIn(
  module: Module,
  { binding, nestedIn }: FunctionSite,
): Pick<ReachRoot, "name"> | Pick<ReachRoot, "called"> {
  if (nestedIn) return { called: { module, name: nestedIn.binding } };
  return binding === undefined ? {} : { name: binding };
}

/** Whoever calls a nested function from outside gives the values of the variables around it as well. */
function capturedParameters({ node }: FunctionSite, lift: Lift | undefined): Parameter[] {
  if (!lift || !takesCaptured(node)) return [];
  return lift.captured.map(({ name }) => ({ name, type: "any", optional: false, rest: false }));
}

/** Do more arguments than it has parameters mean nothing to it? */
export function takesCaptured(node: FunctionSite["node"]): boolean {
  return node.parameters.every(({ dotDotDotToken }) => !dotDotDotToken) && !mentionsArguments(node);
}

/** Does more run than its own code: the object that it is called on, or what makes it? */
function needsItem({ kind, made, owner }: FunctionSite, { thisNode }: Facts): boolean {
  // What a method that is assigned calls on its instance is assigned by other statements.
  const isAssigned = kind === "method" && owner === undefined;
  return made !== undefined || ((kind === "static-method" || isAssigned) && thisNode !== undefined);
}

/** A class needs what it extends, whichever of its methods is called. */
function heritageFacts({ owner }: FunctionSite, { thisNode }: Facts): Facts[] {
  if (!owner || !ts.isClassLike(owner) || !thisNode) return [];
  return (owner.heritageClauses ?? []).map((clause) => collectFacts(clause));
}

/** `(event, context[, callback])`, or one of Lambda's handler types. */
function conventionOf(module: Module, { node, nestedIn }: FunctionSite): FunctionModel["convention"] {
  if (nestedIn) return "plain";
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
  { module, site, reach, facts, lift }: Pick<Evidence, "module" | "site" | "reach" | "facts" | "lift">,
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
  const locals = lift?.captured.map(({ name, line }) => ({ name, kind: "local" as const, from: module.file, line }));
  return [...(locals ?? []), ...captures.values()];
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
