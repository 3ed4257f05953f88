/**
 * Errors whose classes only the caller has. What a callback throws mostly just passes through the function, so it arrives
 * as an error with all its fields; what its class would do with it is refused when the function's code asks for it.
 */
import type { ClassTable, TravellingClass } from "../values/contract.ts";
import { knownPrototypes } from "../values/shape.ts";

/** What the function is told of such a class, in its id. */
interface Described {
  readonly number: number;
  readonly name: string;
  /** The nearest built-in class, as all of them are known to both ends. */
  readonly base: string;
  /** What instances inherit and can be copied. */
  readonly values: Readonly<Record<string, string | number | boolean | null>>;
  /** What they inherit and cannot. */
  readonly keys: readonly string[];
}

const MARK = "~";

/** The caller's end: its classes, and those of all its errors. */
export function withForeignErrors(classes: ClassTable): ClassTable {
  const ids = new Map<object, string>();
  const prototypes = new Map<string, object>();
  return {
    idOf: (prototype) => {
      const known = classes.idOf(prototype) ?? ids.get(prototype);
      if (known !== undefined || !isErrorClass(prototype)) return known;
      const id = MARK + JSON.stringify(describe(prototype, ids.size));
      ids.set(prototype, id);
      prototypes.set(id, prototype);
      return id;
    },
    find: (id) => {
      const prototype = prototypes.get(id);
      return prototype ? { prototype } : classes.find(id);
    },
  };
}

/** Not of an error itself. */
function isErrorClass(prototype: object): boolean {
  const maker: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  const isPrototype = typeof maker === "function" && maker.prototype === prototype;
  return isPrototype && prototype instanceof Error && !knownPrototypes().has(prototype);
}

function describe(prototype: object, number: number): Described {
  const values: Record<string, string | number | boolean | null> = {};
  const keys: string[] = [];
  const owners: object[] = [];
  let base: object = prototype;
  for (; !knownPrototypes().has(base); base = Object.getPrototypeOf(base) as object) owners.push(base);
  for (const owner of owners.toReversed()) {
    for (const key of Object.getOwnPropertyNames(owner)) {
      if (key === "constructor") continue;
      const value: unknown = Object.getOwnPropertyDescriptor(owner, key)?.value;
      if (isPlain(value)) values[key] = value;
      else keys.push(key);
    }
  }
  return { number, name: constructorName(prototype), base: constructorName(base), values, keys };
}

function isPlain(value: unknown): value is string | number | boolean | null {
  return value === null || /^(?:string|number|boolean)$/.test(typeof value);
}

function constructorName(prototype: object): string {
  const maker: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  return typeof maker === "function" ? maker.name : "";
}

/**
 * The function's end.
 *
 * @param refuse - ends the conversation, and throws
 */
export function withStandInErrors(classes: ClassTable, refuse: (path: string, what: string) => never): ClassTable {
  const ids = new Map<object, string>();
  const made = new Map<string, TravellingClass>();
  return {
    idOf: (prototype) => ids.get(prototype) ?? classes.idOf(prototype),
    find: (id) => {
      if (!id.startsWith(MARK)) return classes.find(id);
      const known = made.get(id) ?? { prototype: standIn(JSON.parse(id.slice(MARK.length)) as Described, refuse) };
      made.set(id, known);
      ids.set(known.prototype, id);
      return known;
    },
  };
}

function standIn({ name, base, values, keys }: Described, refuse: (path: string, what: string) => never): object {
  const prototype = Object.create(basePrototype(base)) as object;
  const inherited = (key: string, descriptor: PropertyDescriptor): void => {
    Object.defineProperty(prototype, key, { configurable: true, enumerable: false, ...descriptor });
  };
  const maker = { [name]: (): never => refuse(`new ${name}`, "an instance of a class of the caller's") }[name];
  inherited("constructor", { value: maker, writable: true });
  for (const [key, value] of Object.entries(values)) inherited(key, { value, writable: true });
  for (const key of keys) {
    inherited(key, { get: () => refuse(`error.${key}`, `defined by ${name}, a class of the caller's`) });
  }
  return prototype;
}

function basePrototype(name: string): object {
  const found = Array.from(knownPrototypes().keys()).find((one) => constructorName(one) === name);
  return found instanceof Error || found === Error.prototype ? found : Error.prototype;
}
