/** Functions that belong to classes and to objects which are written out: methods, accessors, fields that hold functions. */
import { ts } from "ts-morph";
import { hasModifier } from "./facts.ts";
import type { FunctionNode, FunctionSite } from "./function-sites.ts";
import { unwrap } from "./lookup.ts";
import type { Item } from "./module.ts";

interface ClassOwner {
  readonly owner: string;
  readonly node: ts.ClassLikeDeclaration;
  readonly exported: boolean;
}

export function* classMembers(item: Item, { owner, node, exported }: ClassOwner): Generator<FunctionSite> {
  const isNameless = !node.name && !ts.isClassExpression(node);
  for (const member of node.members) {
    const isStatic = hasModifier(member, ts.SyntaxKind.StaticKeyword);
    const found = functionOfMember(member);
    const key = found && keyOf(member);
    if (!found || !key) continue;
    yield {
      item,
      owner: node,
      exported,
      kind: isStatic ? "static-method" : "method",
      name: `${owner}.${key.name}${ts.isSetAccessor(member) ? "=" : ""}`,
      node: found,
      rangeNode: member,
      nameNode: key.node,
      ...(isNameless ? { nameless: "class" } : { binding: owner }),
      expression: isStatic ? boundTo(owner, key, member) : unboundOf(`${owner}.prototype`, key, member),
    };
  }
}

interface ObjectOwner {
  /** As in FunctionSite; empty for `module.exports`. */
  readonly name: string;
  /** Gives the object. */
  readonly expression: string;
  /** The top-level variable that holds it, or what it is part of. */
  readonly binding?: string;
  /** Nothing in its own file gives it. */
  readonly nameless?: true;
  readonly exported: boolean;
}

/** The object is known, so that its methods need no other `this`; objects in it as well. */
export function* objectMembers(
  item: Item,
  node: ts.ObjectLiteralExpression,
  owner: ObjectOwner,
): Generator<FunctionSite> {
  const { name, expression, binding, nameless, exported } = owner;
  const prefix = name === "" ? "" : `${name}.`;
  for (const member of node.properties) {
    const key = keyOf(member);
    if (!key) continue;
    const inner = ts.isPropertyAssignment(member) ? unwrap(member.initializer) : undefined;
    if (inner && ts.isObjectLiteralExpression(inner)) {
      yield* objectMembers(item, inner, { ...owner, name: prefix + key.name, expression: expression + key.access });
      continue;
    }
    const found = functionOfMember(member);
    if (!found) continue;
    yield {
      item,
      owner: node,
      exported,
      kind: "static-method",
      name: `${prefix}${key.name}${ts.isSetAccessor(member) ? "=" : ""}`,
      node: found,
      rangeNode: member,
      nameNode: key.node,
      ...(binding === undefined ? {} : { binding }),
      ...(nameless && { nameless: "object" }),
      expression: boundTo(expression, key, member),
    };
  }
}

interface Key {
  readonly node: ts.Node;
  readonly name: string;
  /** Behind the object: `.f`, `["f-g"]`, `[KEY]`. */
  readonly access: string;
  /** An expression that gives the key. */
  readonly value: string;
}

/** Undefined for private names, and for computed ones that are more than the name of a constant. */
function keyOf({ name }: ts.ClassElement | ts.ObjectLiteralElementLike): Key | undefined {
  if (!name) return undefined;
  if (ts.isIdentifier(name))
    return { node: name, name: name.text, access: `.${name.text}`, value: JSON.stringify(name.text) };
  const text = ts.isComputedPropertyName(name) ? computedText(name.expression) : literalText(name);
  const shown = text !== undefined && ts.isStringLiteral(name) && /^[\w-]+$/.test(name.text) ? name.text : `[${text}]`;
  return text === undefined ? undefined : { node: name, name: shown, access: `[${text}]`, value: text };
}

function literalText(name: ts.PropertyName): string | undefined {
  return ts.isStringLiteral(name) || ts.isNumericLiteral(name) ? name.getText() : undefined;
}

/** `[NAME]`, `[Symbol.iterator]`, `["a"]` */
function computedText(expression: ts.Expression): string | undefined {
  const isConstant =
    ts.isIdentifier(expression) || ts.isStringLiteral(expression) || /^Symbol\.\w+$/.test(expression.getText());
  return isConstant ? expression.getText() : undefined;
}

function functionOfMember(member: ts.ClassElement | ts.ObjectLiteralElementLike): FunctionNode | undefined {
  if (ts.isMethodDeclaration(member) || ts.isAccessor(member)) return member.body ? member : undefined;
  if (!ts.isPropertyDeclaration(member) && !ts.isPropertyAssignment(member)) return undefined;
  const initializer = member.initializer && unwrap(member.initializer);
  return initializer && (ts.isArrowFunction(initializer) || ts.isFunctionExpression(initializer))
    ? initializer
    : undefined;
}

function unboundOf(home: string, { access, value }: Key, member: ts.Node): string {
  if (!ts.isAccessor(member)) return `${home}${access}`;
  return `Object.getOwnPropertyDescriptor(${home}, ${value}).${ts.isSetAccessor(member) ? "set" : "get"}`;
}

function boundTo(home: string, key: Key, member: ts.Node): string {
  return `${unboundOf(home, key, member)}.bind(${home})`;
}
