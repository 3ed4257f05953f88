/**
 * Checks Debug Adapter Protocol messages against a JSON schema that is read off the types of `@vscode/debugprotocol`.
 * Fields that the protocol does not have are violations too: a misspelt optional field would otherwise never be noticed.
 */
import path from "node:path";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { Ajv, type SchemaObject, type ValidateFunction } from "ajv";
import { type InterfaceDeclaration, Node, Project, SyntaxKind, type TypeNode } from "ts-morph";

const declarations = path.resolve(
  import.meta.dirname,
  "../../node_modules/@vscode/debugprotocol/lib/debugProtocol.d.ts",
);

/** The protocol leaves their attributes to each adapter. */
const freeForm = new Set(["LaunchRequestArguments", "AttachRequestArguments"]);

type Named = ReadonlyMap<string, SchemaObject>;

/** What is wrong with a message; empty for one that is right, and for custom requests and events. */
export function violationsOf(message: DebugProtocol.ProtocolMessage): string[] {
  const validate = validatorFor(message);
  if (!validate || validate(message)) return [];
  const name = nameOf(message);
  return (validate.errors ?? []).map(
    ({ instancePath, message: problem, params }) => `${name}${instancePath}: ${problem} ${JSON.stringify(params)}`,
  );
}

/** The interface that describes a message. */
function validatorFor(message: DebugProtocol.ProtocolMessage): ValidateFunction | undefined {
  const { ajv, byMessage } = schema();
  const name = byMessage.get(nameOf(message));
  return name === undefined ? undefined : ajv.getSchema(`#/definitions/${name}`);
}

function nameOf(message: DebugProtocol.ProtocolMessage): string {
  const { command, event, success } = message as { command?: string; event?: string; success?: boolean };
  if (message.type === "event") return `event ${event}`;
  if (message.type === "response" && !success) return "error response";
  return `${message.type} ${command}`;
}

interface Schema {
  readonly ajv: Ajv;
  /** `request next` → `NextRequest` */
  readonly byMessage: ReadonlyMap<string, string>;
}

let known: Schema | undefined;

function schema(): Schema {
  return (known ??= readSchema());
}

function readSchema(): Schema {
  const source = new Project({ skipLoadingLibFiles: true }).addSourceFileAtPath(declarations);
  const interfaces = source.getDescendantsOfKind(SyntaxKind.InterfaceDeclaration);
  const byName = new Map(interfaces.map((declaration) => [declaration.getName(), declaration]));
  const definitions: Record<string, SchemaObject> = {};
  for (const alias of source.getDescendantsOfKind(SyntaxKind.TypeAliasDeclaration)) {
    definitions[alias.getName()] = toSchema(alias.getTypeNodeOrThrow());
  }
  const byMessage = new Map([["error response", "ErrorResponse"]]);
  for (const declaration of interfaces) {
    const name = declaration.getName();
    definitions[name] = objectSchema(membersOf(declaration, byName), !freeForm.has(name));
    // The one place that tells which message an interface is of.
    const [, kind, message] = /\/\/ (command|event): '(\w+)'/.exec(declaration.getText()) ?? [];
    if (kind === "event") byMessage.set(`event ${message}`, name);
    if (kind !== "command") continue;
    byMessage.set(`request ${message}`, name);
    byMessage.set(`response ${message}`, name.replace(/Request$/, "Response"));
  }
  const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });
  ajv.addSchema({ definitions }, "");
  return { ajv, byMessage };
}

/** With those of the interfaces that it extends; its own win. */
function membersOf(
  declaration: InterfaceDeclaration,
  byName: ReadonlyMap<string, InterfaceDeclaration>,
): Map<string, Member> {
  const inherited = declaration.getExtends().flatMap((clause) => {
    const parent = byName.get(clause.getExpression().getText());
    return parent ? [...membersOf(parent, byName)] : [];
  });
  return new Map([...inherited, ...ownMembersOf(declaration)]);
}

interface Member {
  readonly schema: SchemaObject;
  readonly optional: boolean;
}

const INDEX = "[key]";

function ownMembersOf(node: Pick<InterfaceDeclaration, "getMembers">): [string, Member][] {
  return node.getMembers().map((member) => {
    if (Node.isPropertySignature(member)) {
      const schema = toSchema(member.getTypeNodeOrThrow());
      return [member.getName(), { schema, optional: member.hasQuestionToken() }];
    }
    if (Node.isIndexSignatureDeclaration(member)) {
      return [INDEX, { schema: toSchema(member.getReturnTypeNodeOrThrow()), optional: true }];
    }
    throw new Error(`a member that no schema is known for: ${member.getText()}`);
  });
}

function objectSchema(members: ReadonlyMap<string, Member>, closed: boolean): SchemaObject {
  const named = [...members].filter(([name]) => name !== INDEX);
  const index = members.get(INDEX);
  return {
    type: "object",
    properties: Object.fromEntries(named.map(([name, { schema }]) => [name, schema])),
    required: named.filter(([, { optional }]) => !optional).map(([name]) => name),
    additionalProperties: index ? index.schema : !closed,
  };
}

const keywords: Named = new Map<string, SchemaObject>([
  ["string", { type: "string" }],
  ["number", { type: "number" }],
  ["boolean", { type: "boolean" }],
  ["object", { type: "object" }],
  ["null", { type: "null" }],
  ["any", {}],
]);

function toSchema(node: TypeNode): SchemaObject {
  const keyword = keywords.get(node.getText());
  if (keyword) return keyword;
  if (Node.isParenthesizedTypeNode(node)) return toSchema(node.getTypeNode());
  if (Node.isArrayTypeNode(node)) return { type: "array", items: toSchema(node.getElementTypeNode()) };
  if (Node.isUnionTypeNode(node)) return { anyOf: node.getTypeNodes().map(toSchema) };
  if (Node.isTypeLiteral(node)) return objectSchema(new Map(ownMembersOf(node)), true);
  if (Node.isTypeReference(node)) return { $ref: `#/definitions/${node.getTypeName().getText()}` };
  if (Node.isLiteralTypeNode(node)) {
    const literal = node.getLiteral();
    return { const: Node.isStringLiteral(literal) ? literal.getLiteralValue() : JSON.parse(literal.getText()) };
  }
  throw new Error(`a type that no schema is known for: ${node.getText()}`);
}
