/** Members that statements of the top level give: `Cart.prototype.add = function () {…}`, `api.get = () => …`. */
import { ts } from "ts-morph";
import type { FunctionSite } from "./function-sites.ts";
import { unwrap } from "./lookup.ts";
import type { Item, Module } from "./module.ts";

export type AssignedMember = Omit<FunctionSite, "exported" | "exportName"> & { readonly binding: string };

/** Undefined for other statements, and for members of what another file declares. */
export function assignedMember({ bindings }: Pick<Module, "bindings">, item: Item): AssignedMember | undefined {
  const assignment = assignmentIn(item.node);
  if (!assignment) return undefined;
  const { left, node } = assignment;
  const [binding = "", ...path] = left.getText().split(".");
  const root = bindings.get(binding);
  if (!root || root.imported || !path.every(isName)) return undefined;
  const isOfPrototype = path[0] === "prototype" && path.length === 2;
  if (!isOfPrototype && path.includes("prototype")) return undefined;
  const text = left.getText();
  return {
    item,
    node,
    kind: isOfPrototype ? "method" : "static-method",
    name: [binding, ...path.slice(isOfPrototype ? 1 : 0)].join("."),
    rangeNode: item.node,
    nameNode: left.name,
    binding,
    expression: isOfPrototype ? text : `${text}.bind(${left.expression.getText()})`,
  };
}

interface Assignment {
  readonly left: ts.PropertyAccessExpression;
  readonly node: ts.ArrowFunction | ts.FunctionExpression;
}

function assignmentIn(statement: ts.Node): Assignment | undefined {
  const assignment = ts.isExpressionStatement(statement) ? statement.expression : undefined;
  if (!assignment || !ts.isBinaryExpression(assignment)) return undefined;
  const { left, right, operatorToken } = assignment;
  const node = unwrap(right);
  if (operatorToken.kind !== ts.SyntaxKind.EqualsToken || !ts.isPropertyAccessExpression(left)) return undefined;
  return ts.isArrowFunction(node) || ts.isFunctionExpression(node) ? { left, node } : undefined;
}

function isName(text: string): boolean {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(text);
}
