/** The members of an object, a page at a time, with the descriptions that classes give of themselves. */
import type { GetterRequest, PageFacts, PropertiesRequest } from "../../protocol/shim-commands.ts";

/** One inspector command; rejects when V8 refuses it. */
export type Ask = (method: string, params: object) => Promise<Answer>;
type Answer = Record<string, unknown>;

export interface Inspected {
  readonly ask: Ask;
  /** While the thread is paused, the topmost frame's `callFrameId`. */
  readonly frame: string | undefined;
}

/**
 * The user's code for at most `timeout` milliseconds. On a paused thread V8 heeds the limit in a frame only: without
 * one, a loop would hold the function for ever.
 */
export function evaluate({ ask, frame }: Inspected, params: { expression: string; timeout: number }): Promise<Answer> {
  const options = { silent: true, generatePreview: true, ...params };
  if (frame === undefined) return ask("Runtime.evaluate", options);
  return ask("Debugger.evaluateOnCallFrame", { ...options, callFrameId: frame });
}

export interface Properties extends PageFacts {
  readonly result: Property[];
  readonly internalProperties?: readonly unknown[];
  readonly privateProperties?: readonly unknown[];
}

interface Property {
  readonly name: string;
  readonly symbol?: unknown;
  value?: RemoteObject;
  get?: RemoteObject;
  set?: RemoteObject;
}

interface RemoteObject {
  readonly type: string;
  subtype?: string;
  objectId?: string;
  value?: unknown;
  description?: string;
  preview?: unknown;
}

/** A class's description of itself may run this long, in milliseconds: the function is paused, but its time runs. */
const DESCRIBE_MS = 100;
/** The user asked for a getter's value: it may take a while and change things, but not hold the function for ever. */
const GETTER_MS = 5000;
/** More members than this are not asked for one by one when asking all at once failed. */
const MAX_SINGLE = 20;

/** By value: how the members of `this` are counted, without making a list of a million. Runs no code of the user's. */
const COUNT = `function () {
  if (Array.isArray(this) || ArrayBuffer.isView(this)) return { kind: "elements", total: this.length ?? 0 };
  for (const type of [Map, Set]) {
    try {
      return { kind: "entries", total: Reflect.getOwnPropertyDescriptor(type.prototype, "size").get.call(this) };
    } catch {}
  }
  return { kind: "keys", total: Reflect.ownKeys(this).length };
}`;

/** Copies descriptors, so that no getter is read. */
const KEYS = `function (start, count) {
  const page = Object.create(null);
  for (const key of Reflect.ownKeys(this).slice(start, start + count))
    Object.defineProperty(page, key, { ...Reflect.getOwnPropertyDescriptor(this, key), configurable: true });
  return page;
}`;

const ELEMENTS = `function (start, count) {
  const page = Object.create(null);
  const end = Math.min(start + count, this.length);
  for (let index = start; index < end; index++) {
    const own = Reflect.getOwnPropertyDescriptor(this, index);
    if (own) Object.defineProperty(page, index, { ...own, configurable: true });
  }
  return page;
}`;

const ENTRIES = `function (start, count) {
  const isMap = Object.prototype.toString.call(this) === "[object Map]" || this instanceof Map;
  const page = Object.create(null);
  let index = 0;
  const add = (value, key) => {
    if (index >= start && index < start + count) page[index] = isMap ? { key, value } : { value };
    index += 1;
  };
  (isMap ? Map : Set).prototype.forEach.call(this, add);
  return page;
}`;

const PAGES = { keys: KEYS, elements: ELEMENTS, entries: ENTRIES };

const HAS_DESCRIPTION = `function (symbol, ...names) {
  return names.filter((name) => symbol in this[name]);
}`;

const DESCRIBE = `({ value, symbol }, names) => names.map((name) => value[name][symbol]())`;

/** Where an object is put so that an expression can reach it. V8 calls `Symbol.for` a side effect: a plain name, then. */
const SUBJECT = `globalThis["faasify:subject"]`;
const REMEMBER = `function () {
  const value = { value: this, symbol: Symbol.for("debug.description") };
  Object.defineProperty(globalThis, "faasify:subject", { value, configurable: true });
}`;

interface Count {
  readonly kind: "elements" | "entries" | "keys";
  readonly total: number;
}

export async function getProperties(thread: Inspected, request: PropertiesRequest): Promise<Properties> {
  const properties = await fetchPage(thread.ask, request);
  await readWatched(thread, request.objectId, properties.result);
  await describeObjects(thread, request.objectId, properties.result);
  return properties;
}

/** All variables of a scope, unless it has more than `limit`. */
export async function getScope(thread: Inspected, objectId: string, limit: number): Promise<Properties | "too-large"> {
  const properties = await fetchAll(thread.ask, objectId, false);
  if (properties.result.length > limit) return "too-large";
  await describeObjects(thread, objectId, properties.result);
  return properties;
}

async function fetchPage(ask: Ask, request: PropertiesRequest): Promise<Properties> {
  const { objectId, kind, start, count, isProxy } = request;
  if (isProxy) return fetchAll(ask, objectId, false);
  if (kind === "named") return fetchAll(ask, objectId, true);
  if (kind === "elements") return pageOf(ask, objectId, ELEMENTS, { start, count });
  const counted = await countOf(ask, objectId);
  if (!counted || (counted.total <= count && start === 0)) return fetchWithEntries(ask, objectId);
  const page = await pageOf(ask, objectId, PAGES[counted.kind], { start, count });
  if (counted.kind === "entries") for (const { value } of page.result) if (value) value.subtype = "internal#entry";
  if (start > 0) return { ...page, total: counted.total };
  const rest = counted.kind === "elements" ? await fetchAll(ask, objectId, true) : await prototypeOf(ask, objectId);
  return { ...rest, result: [...page.result, ...rest.result], total: counted.total };
}

/** Undefined for what cannot be counted: V8 then answers alone. */
async function countOf(ask: Ask, objectId: string): Promise<Count | undefined> {
  const { result, exceptionDetails } = await ask("Runtime.callFunctionOn", {
    objectId,
    functionDeclaration: COUNT,
    returnByValue: true,
    silent: true,
  });
  return exceptionDetails ? undefined : ((result as RemoteObject).value as Count);
}

async function fetchAll(ask: Ask, objectId: string, nonIndexedPropertiesOnly: boolean): Promise<Properties> {
  const request = { objectId, ownProperties: true, generatePreview: true, nonIndexedPropertiesOnly };
  return (await ask("Runtime.getProperties", request)) as unknown as Properties;
}

/** Entries of maps and sets are the members that V8 hides behind one more handle. */
async function fetchWithEntries(ask: Ask, objectId: string): Promise<Properties> {
  const properties = await fetchAll(ask, objectId, false);
  const internal = (properties.internalProperties ?? []) as readonly Property[];
  const entries = internal.find(({ name }) => name === "[[Entries]]")?.value?.objectId;
  if (entries === undefined) return properties;
  const { result } = await fetchAll(ask, entries, false);
  const numbered = result.filter(({ name, value }) => value && /^\d+$/.test(name));
  return {
    ...properties,
    result: [...numbered, ...properties.result],
    internalProperties: internal.filter(({ name }) => name !== "[[Entries]]"),
  };
}

async function pageOf(
  ask: Ask,
  objectId: string,
  functionDeclaration: string,
  { start, count }: { readonly start: number; readonly count: number },
): Promise<Properties> {
  const values = [{ value: start }, { value: count }];
  const { result, exceptionDetails } = await call(ask, objectId, functionDeclaration, values);
  const page = (result as RemoteObject).objectId;
  if (exceptionDetails || page === undefined) return { result: [] };
  return { result: (await fetchAll(ask, page, false)).result };
}

async function prototypeOf(ask: Ask, objectId: string): Promise<Properties> {
  const functionDeclaration = "function () { return Reflect.getPrototypeOf(this); }";
  const { result } = await ask("Runtime.callFunctionOn", { objectId, functionDeclaration, silent: true });
  return { result: [], internalProperties: [{ name: "[[Prototype]]", value: result }] };
}

/**
 * `[Symbol.for("debug.description")]()` says how an object wants to be seen. It is the user's code: it must change
 * nothing, and gets little time.
 */
async function describeObjects(thread: Inspected, objectId: string, properties: readonly Property[]): Promise<void> {
  const { ask, frame } = thread;
  const candidates = properties.filter(({ symbol, value }) => !symbol && isPlainInstance(value));
  if (candidates.length === 0 || frame === undefined) return;
  const { result: symbol } = await ask("Runtime.evaluate", { expression: 'Symbol.for("debug.description")' });
  const symbolArgument = { objectId: (symbol as RemoteObject).objectId };
  const names = candidates.map(({ name }) => ({ value: name }));
  const having = await ask("Runtime.callFunctionOn", {
    objectId,
    functionDeclaration: HAS_DESCRIPTION,
    arguments: [symbolArgument, ...names],
    returnByValue: true,
    silent: true,
    throwOnSideEffect: true,
  });
  const found = having["exceptionDetails"] ? [] : ((having["result"] as RemoteObject).value as string[]);
  if (found.length === 0) return;
  const texts = await textsOf(thread, objectId, found);
  for (const { name, value } of candidates) {
    const text = texts.get(name);
    if (text === undefined || !value) continue;
    value.description = text;
    delete value.preview;
  }
}

/** All at once; one by one if one of them fails. */
async function textsOf(thread: Inspected, objectId: string, names: readonly string[]): Promise<Map<string, string>> {
  return withSubject(thread.ask, objectId, async () => {
    const describe = async (some: readonly string[]): Promise<readonly unknown[] | undefined> => {
      const expression = `(${DESCRIBE})(${SUBJECT}, ${JSON.stringify(some)})`;
      const options = { returnByValue: true, generatePreview: false, throwOnSideEffect: true, timeout: DESCRIBE_MS };
      const answer = await evaluate(thread, { expression, ...options }).catch((): Answer => ({ exceptionDetails: {} }));
      return answer["exceptionDetails"] ? undefined : ((answer["result"] as RemoteObject).value as unknown[]);
    };
    const texts = new Map<string, string>();
    const add = (name: string | undefined, text: unknown): void => {
      if (name !== undefined && typeof text === "string") texts.set(name, text);
    };
    const all = await describe(names);
    if (all) all.forEach((text, index) => add(names[index], text));
    else for (const name of names.slice(0, MAX_SINGLE)) add(name, (await describe([name]))?.[0]);
    return texts;
  });
}

/** A property that a data breakpoint watches looks like any other. */
async function readWatched(thread: Inspected, objectId: string, properties: readonly Property[]): Promise<void> {
  for (const property of properties) {
    if (!property.get?.description?.startsWith("faasifyWatch") || thread.frame === undefined) continue;
    const { result } = await readGetter(thread, { objectId, name: property.name });
    property.value = result as RemoteObject;
    delete property.get;
    delete property.set;
  }
}

/** As `Runtime.callFunctionOn` would, which knows no time limit. */
export function readGetter(thread: Inspected, { objectId, name }: GetterRequest): Promise<Answer> {
  const expression = `${SUBJECT}.value[${JSON.stringify(name)}]`;
  return withSubject(thread.ask, objectId, () => evaluate(thread, { expression, timeout: GETTER_MS }));
}

/** Makes an object reachable for an expression while the work lasts. */
async function withSubject<T>(ask: Ask, objectId: string, work: () => Promise<T>): Promise<T> {
  await call(ask, objectId, REMEMBER, []);
  try {
    return await work();
  } finally {
    await ask("Runtime.evaluate", { expression: `delete ${SUBJECT}` });
  }
}

function isPlainInstance(value: RemoteObject | undefined): boolean {
  return value?.type === "object" && value.subtype === undefined && value.objectId !== undefined;
}

function call(ask: Ask, objectId: string, functionDeclaration: string, values: readonly object[]): Promise<Answer> {
  return ask("Runtime.callFunctionOn", { objectId, functionDeclaration, arguments: values, silent: true });
}
