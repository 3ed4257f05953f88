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

const LONG = 64;

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

/**
 * Whether a typed array surely has no properties with a name. Listing its keys would make a string of each index, a
 * million of them for a megabyte; Node's overview of it does not.
 */
export function hasOnlyElements(view: ArrayBufferView): boolean {
  if (view.byteLength <= 64 || !inspect || !onlyElements.test(inspect(view, overview))) return false;
  // The overview of a Buffer names these two of its prototype.
  return !Object.hasOwn(view, "parent") && !Object.hasOwn(view, "offset");
}
