/** What is inside a container: properties, entries of maps and sets, pages of long arrays. */
import type { DebugProtocol } from "@vscode/debugprotocol";
import type { Protocol } from "devtools-protocol";
import type { Debuggee } from "../debuggee.ts";
import type { Container, Lifetime, NamedValue } from "./handles.ts";
import type { SnapshotVariable } from "../../protocol/launch-configuration.ts";
import type { PageFacts } from "../../protocol/shim-commands.ts";
import { inSourceNames } from "../sources/renames.ts";
import { refreshScope } from "./fresh-scope.ts";
import { inHex } from "./hex.ts";
import { valueText } from "./snapshots.ts";
import { elementCount, hasMemory, renderValue, typeOf } from "./render.ts";

type RemoteObject = Protocol.Runtime.RemoteObject;
type Properties = Protocol.Runtime.GetPropertiesResponse;

/** Arrays longer than this are asked for in pages by clients that can. */
const PAGE_ABOVE = 100;
/** Members shown at once; the rest is behind one more entry. */
const MAX_MEMBERS = 1000;

/** Where a value was found: how its members are reached and how long they can be. */
export type Origin = Pick<Container, "sandbox" | "expression" | "frame" | "receiver">;

export interface Page {
  readonly filter?: "indexed" | "named" | undefined;
  readonly start?: number | undefined;
  readonly count?: number | undefined;
  readonly format?: DebugProtocol.ValueFormat | undefined;
}

type Fetched = Properties & PageFacts;

/** @returns the members as DAP shows them, in V8's order; the prototype last */
export async function membersOf(
  debuggee: Debuggee,
  container: Container,
  page: Page,
): Promise<DebugProtocol.Variable[]> {
  if (container.fixed) return container.fixed.map((variable) => toFixedVariable(debuggee, container, variable));
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

function toFixedVariable(
  { handles }: Debuggee,
  { sandbox }: Container,
  variable: SnapshotVariable,
): DebugProtocol.Variable {
  const { name, type, children } = variable;
  const inside = { sandbox, objectId: undefined, expression: undefined, fixed: children ?? [] };
  const variablesReference = children?.length ? handles.addContainer(inside, "session") : 0;
  return { name, value: valueText(variable), type, variablesReference };
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
  const looks: Looks = { lifetime, format: page.format };
  const show = (named: NamedValue) => toVariable(debuggee, container, named, looks);
  const extras = (container.extras ?? []).map(show);
  if (container.objectId === undefined) return extras;
  if (container.getter !== undefined) return [show(await readGetter(container, container.getter))];
  const properties = withSourceNames(container, await currentProperties(container, container.objectId, page));
  return [
    ...extras,
    ...properties.result.flatMap((property) => describeProperty(debuggee, container, property, looks)),
    ...(properties.privateProperties ?? []).flatMap(namedValue).map(show),
    ...internals(debuggee, container, properties, looks),
    ...theRest(debuggee, container, properties, lifetime),
  ];
}

async function currentProperties(container: Container, objectId: string, page: Page): Promise<Fetched> {
  const fetched = await fetchProperties(container, objectId, page);
  return container.sandbox.pause?.changed ? refreshScope(container, fetched) : fetched;
}

/** FaaSify's own variables are not the user's. */
const INTERNAL = /^(?:__faasify|#faasify)/;

/** The variables of a module under the names that they have in the file of the frame. */
function withSourceNames({ names, scopeNumber }: Container, properties: Fetched): Fetched {
  const shown = properties.result.filter(({ name }) => !INTERNAL.test(name));
  const privates = properties.privateProperties?.filter(({ name }) => !INTERNAL.test(name));
  const kept = { ...properties, result: shown, ...(privates ? { privateProperties: privates } : {}) };
  if (!names || scopeNumber === undefined) return kept;
  const sourceNames = inSourceNames(names);
  const result = shown.map((property) => {
    const name = sourceNames.get(property.name);
    if (name !== undefined) return { ...property, name };
    // Another file's variable, whose name means something else here.
    return names.has(property.name) ? { ...property, name: `${property.name} (of another file)` } : property;
  });
  return { ...kept, result };
}

/** One entry that stands for all members that were not asked for. */
function theRest(
  debuggee: Debuggee,
  container: Container,
  { total = 0 }: Fetched,
  lifetime: Lifetime,
): DebugProtocol.Variable[] {
  const from = (container.from ?? 0) + MAX_MEMBERS;
  if (from >= total) return [];
  const variablesReference = debuggee.handles.addContainer({ ...container, extras: [], from }, lifetime);
  return [{ name: "…", value: `${(total - from).toLocaleString("en")} more`, variablesReference }];
}

/** What V8 shows that no program can see, such as the prototype. Scopes have nothing of the kind worth showing. */
function internals(
  debuggee: Debuggee,
  container: Container,
  { internalProperties = [] }: Properties,
  looks: Looks,
): DebugProtocol.Variable[] {
  if (container.scopeNumber !== undefined) return [];
  const receiver = container.receiver ?? container.objectId;
  return internalProperties
    .filter(({ name }) => name !== "[[FunctionLocation]]")
    .flatMap(namedValue)
    .map((named) => {
      const isPrototype = named.name === "[[Prototype]]";
      const variable = toVariable(debuggee, { ...container, ...(isPrototype ? { receiver } : {}) }, named, looks);
      return { ...variable, presentationHint: { visibility: "internal", attributes: ["readOnly"] } };
    });
}

/** How a value is shown, and how long it can be expanded. */
interface Looks {
  readonly lifetime: Lifetime;
  readonly format?: DebugProtocol.ValueFormat | undefined;
}

function toVariable(
  debuggee: Debuggee,
  origin: Origin,
  { name, value }: NamedValue,
  looks: Looks,
): DebugProtocol.Variable {
  const { sandbox, frame } = origin;
  const expression = memberExpression(origin.expression, name);
  // Only along the prototypes is the object, whose getters they are, another one than the container.
  const receiver = name === "[[Prototype]]" ? origin.receiver : undefined;
  return {
    name,
    ...describeValue(debuggee, { sandbox, frame, expression, receiver }, value, looks),
    ...(expression === undefined ? {} : { evaluateName: expression }),
  };
}

/** The fields that variables, evaluation results and changed values have in common. */
export function describeValue(
  debuggee: Debuggee,
  origin: Origin,
  value: RemoteObject,
  { lifetime, format }: Looks,
): Pick<
  DebugProtocol.Variable,
  "value" | "type" | "variablesReference" | "indexedVariables" | "namedVariables" | "memoryReference"
> {
  const count = elementCount(value) ?? 0;
  const variablesReference = referenceFor(debuggee, origin, value, lifetime);
  return {
    value: renderValue(format?.hex ? inHex(value) : value),
    type: typeOf(value),
    variablesReference,
    ...(count > PAGE_ABOVE ? { indexedVariables: count, namedVariables: 1 } : {}),
    ...(hasMemory(value) ? { memoryReference: String(variablesReference) } : {}),
  };
}

/** 0 for what cannot be expanded. */
export function referenceFor(debuggee: Debuggee, origin: Origin, value: RemoteObject, lifetime: Lifetime): number {
  const { objectId, type } = value;
  if (objectId === undefined || type === "symbol") return 0;
  const { sandbox, expression, frame, receiver } = origin;
  const isProxy = value.subtype === "proxy";
  return debuggee.handles.addContainer({ sandbox, objectId, isProxy, expression, frame, receiver }, lifetime);
}

/** The properties came with the pause, or are fetched now. */
async function fetchProperties(container: Container, objectId: string, page: Page): Promise<Fetched> {
  const { sandbox, isProxy = false, from } = container;
  const { filter, start, count } = page;
  const ahead = sandbox.pause?.prefetched.get(objectId);
  if (ahead && filter === undefined) return ahead;
  const isPage = filter === "indexed";
  return sandbox.cdp.send("Faasify.getProperties", {
    objectId,
    isProxy,
    kind: filter === undefined ? "all" : isPage ? "elements" : "named",
    start: (isPage ? start : from) ?? 0,
    count: (isPage && count) || MAX_MEMBERS,
  });
}

async function readGetter({ sandbox, objectId, receiver }: Container, name: string): Promise<NamedValue> {
  const target = receiver ?? objectId ?? "";
  const { result, exceptionDetails } = await sandbox.cdp.send("Faasify.readGetter", { objectId: target, name });
  return { name, value: exceptionDetails?.exception ?? result };
}

function namedValue({ name, value }: Partial<NamedValue> & Pick<NamedValue, "name">): NamedValue[] {
  return value ? [{ name, value }] : [];
}

function describeProperty(
  debuggee: Debuggee,
  container: Container,
  property: Protocol.Runtime.PropertyDescriptor,
  looks: Looks,
): DebugProtocol.Variable[] {
  const { name, value, get } = property;
  if (name === "__proto__") return [];
  if (value) {
    const origin = property.symbol ? { ...container, expression: undefined } : container;
    return [toVariable(debuggee, origin, { name, value }, looks)];
  }
  if (!get || get.type === "undefined" || container.objectId === undefined) return [];
  const { sandbox, objectId, expression, frame, receiver } = container;
  const lazy = { sandbox, objectId, expression, frame, receiver, getter: name };
  const variablesReference = debuggee.handles.addContainer(lazy, looks.lifetime);
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
