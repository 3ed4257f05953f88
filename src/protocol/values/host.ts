/**
 * What the codec asks its host for, without importing any module of it: it also runs in what is not Node. Everything is
 * taken once, so that a program that changes built-ins later changes nothing here.
 */

interface HostTypes {
  readonly isProxy: (value: unknown) => boolean;
  readonly isNativeError: (value: unknown) => boolean;
}

interface HostProcess {
  getBuiltinModule?(name: string): unknown;
}

const host = globalThis as unknown as Readonly<Record<string, unknown>>;

function builtin(name: string): unknown {
  return (host["process"] as HostProcess | undefined)?.getBuiltinModule?.(name);
}

const types = (builtin("node:util") as { readonly types?: HostTypes } | undefined)?.types;

/** Only Node can tell; elsewhere a proxy looks like what it stands for. */
export const isProxy: (value: object) => boolean = types?.isProxy ?? (() => false);

export const isError: (value: object) => boolean =
  types?.isNativeError ?? ((value) => Object.prototype.toString.call(value) === "[object Error]");

/** Node keeps small buffers in one shared block, of which only the views' own bytes are theirs. */
export function isBufferPool(buffer: ArrayBufferLike): boolean {
  const size = (host["Buffer"] as { readonly poolSize?: number } | undefined)?.poolSize;
  if (buffer.byteLength !== size) return false;
  const threads = builtin("node:worker_threads") as { isMarkedAsUntransferable?(value: object): boolean } | undefined;
  return threads?.isMarkedAsUntransferable?.(buffer) ?? true;
}

interface HostEvents {
  on(emitter: object, name: string, options: object): unknown;
  readonly EventEmitter: new () => object;
}

/** Of the errors that Node's own functions throw when a signal is aborted: their class has no public name. */
export function abortErrorPrototype(): object | undefined {
  const events = builtin("node:events") as HostEvents | undefined;
  try {
    events?.on(new events.EventEmitter(), "x", { signal: AbortSignal.abort() });
    return undefined;
  } catch (error) {
    return Object.getPrototypeOf(error) as object;
  }
}

/** Own data property of the host's global object; `Buffer` is the one accessor that is read. */
export function hostGlobal(name: string): unknown {
  const property = Object.getOwnPropertyDescriptor(globalThis, name);
  if (!property) return undefined;
  return name === "Buffer" ? host["Buffer"] : property.value;
}

type Inspect = (value: object, options: object) => string;
const inspect = (builtin("node:util") as { readonly inspect?: Inspect } | undefined)?.inspect;
const overview = { maxArrayLength: 0, showHidden: true, customInspect: false, depth: 0, breakLength: Infinity };
const onlyElements =
  /^\w+\(\d+\) (?:\[\w+\] )?\[ (?:\.\.\. \d+ more items?, )?(?:\[(?:BYTES_PER_ELEMENT|length|byteLength|byteOffset)\]: \d+, ){4}\[buffer\]: ArrayBuffer \{[^{}]*\}(?:, (?:parent|offset): \[Getter\])* \]$/;

/** From here on it is quicker than listing the keys. */
const LONG = 24;

/** Node's overview of an array of this length that has no properties with a name. */
const overviewOfElements = ((): ((length: number) => string) | undefined => {
  const sample = inspect?.(
    Array.from({ length: LONG }, () => 0),
    overview,
  );
  return sample === undefined ? undefined : (length) => sample.replaceAll(String(LONG), String(length));
})();

/**
 * Whether a long array surely has no properties with a name; false where it is not known. Listing its keys would make a
 * string of each index; Node's overview of it does not.
 */
export function hasOnlyIndices(array: readonly unknown[]): boolean {
  return (
    array.length >= LONG &&
    overviewOfElements !== undefined &&
    inspect?.(array, overview) === overviewOfElements(array.length)
  );
}

type Serialize = (value: unknown) => Uint8Array;
interface Serializer {
  readonly serialize: Serialize;
  /** What a packed list begins with, behind the header of the format. */
  readonly tag: number | undefined;
}
let serializer: Serializer | undefined | null = null;

/**
 * Node writes a list whose elements are all there, and are all ordinary properties, in another form than other lists.
 * Undefined where it does not.
 */
function loadSerializer(): Serializer | undefined {
  const serialize = (builtin("node:v8") as { readonly serialize?: Serialize } | undefined)?.serialize;
  if (!serialize) return undefined;
  const tagOf = (value: unknown): number | undefined => serialize(value)[TAG_AT];
  const tag = tagOf([1, 2]);
  const attributes = [{ writable: false }, { enumerable: false }, { configurable: false }];
  const odd = attributes.map((some) => Object.defineProperty([1, 2], 1, some));
  return [...odd, Array(2)].every((list) => tagOf(list) !== tag) ? { serialize, tag } : undefined;
}

/** The two bytes before it are the version of the format. */
const TAG_AT = 2;
const VERY_LONG = 2000;

/**
 * Whether all elements of a list of primitives are surely there, and ordinary properties: neither read-only nor hidden
 * nor fixed. False where it is not known. Asking for each of them takes ten times as long.
 *
 * @param list - has no accessors, and no properties with a name
 */
export function hasOrdinaryElements(list: readonly unknown[]): boolean {
  serializer = serializer === null ? loadSerializer() : serializer;
  if (!serializer) return false;
  const { serialize, tag } = serializer;
  // A list that has had holes is written at length, which its first element alone tells.
  if (list.length > VERY_LONG && serialize(list.slice(0, 1))[TAG_AT] !== tag) return false;
  return serialize(list)[TAG_AT] === tag;
}

/**
 * Whether a typed array surely has no properties with a name. Listing its keys would make a string of each index, a
 * million of them for a megabyte; Node's overview of it does not.
 */
export function hasOnlyElements(view: ArrayBufferView): boolean {
  if (view.byteLength <= 64 || !inspect || !onlyElements.test(inspect(view, overview))) return false;
  // The overview of a Buffer names these two of its prototype.
  return !Object.hasOwn(view, "parent") && !Object.hasOwn(view, "offset");
}
