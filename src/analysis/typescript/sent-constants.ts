/**
 * Constants that are another value in each process, `const LEVEL = process.env.LEVEL ?? "info"`, `const started = Date.now()`:
 * a primitive one can be sent with each call, as the program has it.
 */
import { ts } from "ts-morph";
import type { Effect } from "../../core/function-model.ts";
import { effectsReached } from "./effects.ts";
import { collectFacts } from "./facts.ts";
import { unwrap } from "./lookup.ts";
import { bindingsOf, type Binding, type Item, type Module } from "./module.ts";
import { reachFrom } from "./reach.ts";
import type { Workspace } from "./workspace.ts";

const differing: ReadonlySet<Effect> = new Set(["environment", "process", "random", "time"]);

/** The names that an item declares, if they are such constants; none otherwise. */
export function sentConstants(workspace: Workspace, module: Module, item: Item): readonly Binding[] {
  return workspace.remember("sent constants", item, () => {
    const bindings = bindingsOf(module).get(item) ?? [];
    const { node } = item;
    const isConstant = ts.isVariableDeclaration(node) && bindings.every(({ kind }) => kind === "const");
    if (!isConstant || !isPrimitive(module, node) || !differs(workspace, module, item)) return [];
    const names = new Set(bindings.map(({ name }) => name));
    const isAssigned = module.items.some(({ facts }) =>
      facts.references.some(({ name, use }) => names.has(name) && use === "write"),
    );
    return isAssigned ? [] : bindings;
  });
}

function differs(workspace: Workspace, module: Module, item: Item): boolean {
  const facts = collectFacts(item.node);
  const { uses } = effectsReached(workspace, { module, facts }, reachFrom(workspace, { module, facts }));
  return uses.length > 0 && uses.every(({ effect }) => differing.has(effect));
}

/** By its text: when in doubt it is none. */
function isPrimitive(module: Module, { name, initializer }: ts.VariableDeclaration): boolean {
  if (!initializer) return false;
  if (ts.isIdentifier(name)) return isPlain(module, initializer, 0);
  if (!ts.isObjectBindingPattern(name) || unwrap(initializer).getText() !== "process.env") return false;
  return name.elements.every(
    (element) =>
      !element.dotDotDotToken &&
      ts.isIdentifier(element.name) &&
      !(element.propertyName && ts.isComputedPropertyName(element.propertyName)) &&
      (!element.initializer || isPlain(module, element.initializer, 0)),
  );
}

const MAX_DEPTH = 20;

const plainFunctions =
  /^(?:Number|String|Boolean|BigInt|parseInt|parseFloat|Number\.\w+|Math\.\w+|Date\.now|performance\.now|(?:crypto\.)?randomUUID|os\.(?:tmpdir|hostname|homedir|platform|type|arch)|path\.(?:join|resolve|basename|dirname|extname|normalize)|(?:join|resolve|tmpdir|hostname|homedir)|process\.(?:cwd|uptime))$/;
const plainMethods =
  /^(?:toString|toFixed|slice|substring|trim|trimStart|trimEnd|toLowerCase|toUpperCase|padStart|padEnd|replace|replaceAll|concat|startsWith|endsWith|includes|indexOf|charAt|at|repeat)$/;
const plainProperties = /^process\.(?:env\.\w+|pid|ppid|platform|arch|version)$/;

function isPlain(module: Module, expression: ts.Expression, depth: number): boolean {
  const value = unwrap(expression);
  const plain = (one: ts.Expression): boolean => isPlain(module, one, depth + 1);
  if (depth > MAX_DEPTH) return false;
  if (isLiteral(value)) return true;
  if (ts.isTemplateExpression(value)) return value.templateSpans.every((span) => plain(span.expression));
  if (ts.isConditionalExpression(value)) return [value.condition, value.whenTrue, value.whenFalse].every(plain);
  if (ts.isBinaryExpression(value)) return !isAssignment(value) && plain(value.left) && plain(value.right);
  if (ts.isPrefixUnaryExpression(value)) return plain(value.operand);
  if (ts.isCallExpression(value)) return isPlainCall(module, value, plain);
  if (ts.isIdentifier(value)) return isPlainName(module, value, depth);
  return isPlainProperty(module, value, plain);
}

function isLiteral(value: ts.Expression): boolean {
  if (ts.isStringLiteralLike(value) || ts.isNumericLiteral(value) || ts.isBigIntLiteral(value)) return true;
  return /^(?:true|false|null|undefined)$/.test(value.getText());
}

function isAssignment({ operatorToken: { kind } }: ts.BinaryExpression): boolean {
  return kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
}

type Test = (expression: ts.Expression) => boolean;

function isPlainCall(module: Module, { expression, arguments: args }: ts.CallExpression, plain: Test): boolean {
  const isArgument = (one: ts.Expression): boolean => ts.isRegularExpressionLiteral(one) || plain(one);
  if (!args.every(isArgument)) return false;
  if (plainFunctions.test(expression.getText()) && isOutside(module, expression)) return true;
  if (!ts.isPropertyAccessExpression(expression)) return false;
  return plainMethods.test(expression.name.text) && plain(expression.expression);
}

/** Not a function of the file's own that is called like one of Node's. */
function isOutside({ bindings }: Module, expression: ts.Expression): boolean {
  const [root = ""] = expression.getText().split(".");
  const binding = bindings.get(root);
  return (
    !binding ||
    (binding.imported !== undefined && /^(?:node:)?(?:os|path|crypto|perf_hooks)$/.test(binding.imported.specifier))
  );
}

function isPlainName(module: Module, { text }: ts.Identifier, depth: number): boolean {
  const binding = module.bindings.get(text);
  const declaration = binding?.kind === "const" && !binding.imported ? binding.declaration : undefined;
  if (!declaration || !ts.isVariableDeclaration(declaration) || !ts.isIdentifier(declaration.name)) return false;
  return declaration.initializer !== undefined && isPlain(module, declaration.initializer, depth + 1);
}

function isPlainProperty(module: Module, value: ts.Expression, plain: Test): boolean {
  if (ts.isPropertyAccessExpression(value)) {
    if (plainProperties.test(value.getText())) return !module.bindings.has("process");
    return value.name.text === "length" && plain(value.expression);
  }
  if (!ts.isElementAccessExpression(value) || module.bindings.has("process")) return false;
  return value.expression.getText() === "process.env" && ts.isStringLiteralLike(value.argumentExpression);
}
