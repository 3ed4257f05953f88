/** What is inside a container: properties, entries of maps and sets, pages of long arrays. */
import type { DebugProtocol } from "@vscode/debugprotocol";
import type { Protocol } from "devtools-protocol";
import type { Debuggee } from "../debuggee.ts";
import type { Sandbox } from "../sandbox.ts";
import type { Container, Lifetime, NamedValue } from "./handles.ts";
import { refreshScope } from "./fresh-scope.ts";
import { elementCount, renderValue, typeOf } from "./render.ts";

type RemoteObject = Protocol.Runtime.RemoteObject;
type Properties = Protocol.Runtime.GetPropertiesResponse;

/** Arrays longer than this are asked for in pages. */
const PAGE_ABOVE = 100;
/** Of a map's or set's entries, shown at once. */
const MAX_ENTRIES = 1000;

const SLICE = `function (start, count) {
  const page = {};
  for (let i = start; i < Math.min(start + count, this.length); i++) if (i in this) page[i] = this[i];
  return page;
}`;

/** Where a value was found: how its members are reached and how long they can be. */
export type Origin = Pick<Container, "sandbox" | "expression" | "frame" | "receiver">;

export interface Page {
  readonly filter?: "indexed" | "named" | undefined;
  readonly start?: number | undefined;
  readonly count?: number | undefined;
}

/** @returns the members as DAP shows them, in V8's order; the prototype last */
export async function membersOf(
  debuggee: Debuggee,
  container: Container,
  page: Page,
): Promise<DebugProtocol.Variable[]> {
  const { parameters, extras, ...body } = container;
  if (!parameters) return ownMembersOf(debuggee, container, page);
  const [inside, outside] = await Promise.all([
    ownMembersOf(debuggee, body, page),
    ownMembersOf(debuggee, { ...parameters, ...(extras ? { extras } : {}) }, page),
  ]);
  // `var` may declare a parameter's name once more.
  const hidden = new Set(inside.map(({ name }) => name));
  return [...outside.filter(({ name }) => !hidden.has(name)), ...inside];
}

/** Which of the scopes that are shown as one has a variable. */
export async function scopeOf(container: Container, name: string): Promise<Container> {
  const { parameters, objectId } = container;
  if (!parameters || objectId === undefined) return container;
  const { result } = await fetchProperties(container, objectId, {});
  return result.some((property) => property.name === name) ? container : parameters;
}

async function ownMembersOf(debuggee: Debuggee, container: Container, page: Page): Promise<DebugProtocol.Variable[]> {
  const lifetime: Lifetime = container.frame || container.sandbox.pause ? "pause" : "session";
  const show = (named: NamedValue) => toVariable(debuggee, container, named, lifetime);
  const extras = (container.extras ?? []).map(show);
  if (container.objectId === undefined) return extras;
  if (container.getter !== undefined) return [show(await readGetter(container, container.getter))];
  const properties = await currentProperties(container, container.objectId, page);
  const entries = properties.internalProperties?.find(({ name }) => name === "[[Entries]]")?.value?.objectId;
  return [
    ...extras,
    ...(entries === undefined ? [] : (await entriesOf(container.sandbox, entries)).map(show)),
    ...properties.result.flatMap((property) => describeProperty(debuggee, container, property, lifetime)),
    ...(properties.privateProperties ?? []).flatMap(namedValue).map(show),
    ...internals(debuggee, container, properties, lifetime),
  ];
}

async function currentProperties(container: Container, objectId: string, page: Page): Promise<Properties> {
  const fetched = await fetchProperties(container, objectId, page);
  return container.sandbox.pause?.changed ? refreshScope(container, fetched) : fetched;
}

/** What V8 shows that no program can see, such as the prototype. Scopes have nothing of the kind worth showing. */
function internals(
  debuggee: Debuggee,
  container: Container,
  { internalProperties = [] }: Properties,
  lifetime: Lifetime,
): DebugProtocol.Variable[] {
  if (container.scopeNumber !== undefined) return [];
  const receiver = container.receiver ?? container.objectId;
  return internalProperties
    .filter(({ name }) => name !== "[[Entries]]" && name !== "[[FunctionLocation]]")
    .flatMap(namedValue)
    .map((named) => {
      const isPrototype = named.name === "[[Prototype]]";
      const variable = toVariable(debuggee, { ...container, ...(isPrototype ? { receiver } : {}) }, named, lifetime);
      return { ...variable, presentationHint: { visibility: "internal", attributes: ["readOnly"] } };
    });
}

export function toVariable(
  debuggee: Debuggee,
  origin: Origin,
  { name, value }: NamedValue,
  lifetime: Lifetime,
): DebugProtocol.Variable {
  const { sandbox, frame } = origin;
  const expression = memberExpression(origin.expression, name);
  // Only along the prototypes is the object, whose getters they are, another one than the container.
  const receiver = name === "[[Prototype]]" ? origin.receiver : undefined;
  return {
    name,
    ...describeValue(debuggee, { sandbox, frame, expression, receiver }, value, lifetime),
    ...(expression === undefined ? {} : { evaluateName: expression }),
  };
}

/** The fields that variables, evaluation results and changed values have in common. */
export function describeValue(
  debuggee: Debuggee,
  origin: Origin,
  value: RemoteObject,
  lifetime: Lifetime,
): Pick<DebugProtocol.Variable, "value" | "type" | "variablesReference" | "indexedVariables" | "namedVariables"> {
  const count = elementCount(value) ?? 0;
  return {
    value: renderValue(value),
    type: typeOf(value),
    variablesReference: referenceFor(debuggee, origin, value, lifetime),
    ...(count > PAGE_ABOVE ? { indexedVariables: count, namedVariables: 1 } : {}),
  };
}

/** 0 for what cannot be expanded. */
export function referenceFor(debuggee: Debuggee, origin: Origin, value: RemoteObject, lifetime: Lifetime): number {
  const { objectId, type } = value;
  if (objectId === undefined || type === "symbol") return 0;
  const { sandbox, expression, frame, receiver } = origin;
  return debuggee.handles.addContainer({ sandbox, objectId, expression, frame, receiver }, lifetime);
}

/** The properties came with the pause, or are fetched now. */
async function fetchProperties(container: Container, objectId: string, page: Page): Promise<Properties> {
  const { sandbox } = container;
  if (page.filter === "indexed" && page.count !== undefined && page.count > 0) {
    return fetchPage(sandbox, objectId, page.start ?? 0, page.count);
  }
  const ahead = sandbox.pause?.prefetched.get(objectId);
  if (ahead && page.filter === undefined) return ahead;
  return sandbox.cdp.send("Runtime.getProperties", {
    objectId,
    ownProperties: true,
    generatePreview: true,
    ...(page.filter === "named" ? { nonIndexedPropertiesOnly: true } : {}),
  });
}

async function fetchPage(sandbox: Sandbox, objectId: string, start: number, count: number): Promise<Properties> {
  const { result } = await sandbox.cdp.send("Runtime.callFunctionOn", {
    objectId,
    functionDeclaration: SLICE,
    arguments: [{ value: start }, { value: count }],
  });
  if (result.objectId === undefined) return { result: [] };
  const page = await sandbox.cdp.send("Runtime.getProperties", {
    objectId: result.objectId,
    ownProperties: true,
    generatePreview: true,
  });
  return { result: page.result };
}

async function readGetter({ sandbox, objectId, receiver }: Container, name: string): Promise<NamedValue> {
  const { result, exceptionDetails } = await sandbox.cdp.send("Runtime.callFunctionOn", {
    objectId: receiver ?? objectId ?? "",
    functionDeclaration: "function (name) { return this[name]; }",
    arguments: [{ value: name }],
    generatePreview: true,
  });
  return { name, value: exceptionDetails?.exception ?? result };
}

async function entriesOf(sandbox: Sandbox, objectId: string): Promise<NamedValue[]> {
  const { result } = await sandbox.cdp.send("Runtime.getProperties", {
    objectId,
    ownProperties: true,
    generatePreview: true,
  });
  return result
    .flatMap(({ name, value }) => (value && /^\d+$/.test(name) ? [{ name, value }] : []))
    .slice(0, MAX_ENTRIES);
}

function namedValue({ name, value }: Partial<NamedValue> & Pick<NamedValue, "name">): NamedValue[] {
  return value ? [{ name, value }] : [];
}

function describeProperty(
  debuggee: Debuggee,
  container: Container,
  property: Protocol.Runtime.PropertyDescriptor,
  lifetime: Lifetime,
): DebugProtocol.Variable[] {
  const { name, value, get } = property;
  if (name === "__proto__") return [];
  if (value) {
    const origin = property.symbol ? { ...container, expression: undefined } : container;
    return [toVariable(debuggee, origin, { name, value }, lifetime)];
  }
  if (!get || get.type === "undefined" || container.objectId === undefined) return [];
  const { sandbox, objectId, expression, frame, receiver } = container;
  const lazy = { sandbox, objectId, expression, frame, receiver, getter: name };
  const variablesReference = debuggee.handles.addContainer(lazy, lifetime);
  return [{ name, value: "(...)", variablesReference, presentationHint: { lazy: true } }];
}

/** What to write to reach a member; scopes have the empty expression, as their members need nothing in front. */
function memberExpression(container: string | undefined, name: string): string | undefined {
  if (container === undefined || name.startsWith("[[")) return undefined;
  const isIdentifier = /^[A-Za-z_$][\w$]*$/.test(name);
  if (container === "") return isIdentifier ? name : undefined;
  if (isIdentifier) return `${container}.${name}`;
  if (/^#[\w$]+$/.test(name)) return `${container}.${name}`;
  return /^(0|[1-9]\d*)$/.test(name) ? `${container}[${name}]` : `${container}[${JSON.stringify(name)}]`;
}
