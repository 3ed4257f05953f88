/**
 * What the files of a unit, and those of a decomposed program, tell of their own top level: how its variables are
 * read and set, and which classes they have. Both ends of a call use the same ids, each for its own copies.
 */
import type { ClassTable, HiddenFields, TravellingClass } from "./values/contract.ts";

/** What one file registers. The functions are asked late: at the top of a file its classes do not exist yet. */
export interface RegisteredNames {
  /** By id: `src/counter.mjs#count`. */
  readonly state: Readonly<Record<string, StateAccess>>;
  readonly classes: Readonly<Record<string, ClassAccess>>;
}

export interface StateAccess {
  get(): unknown;
  /** Absent for a constant: what it holds is changed in place. */
  readonly set?: (value: unknown) => void;
}

export interface ClassAccess {
  /** Throws while the class is not defined yet. */
  get(): unknown;
  /** For a class with private elements; gives undefined while it is not defined yet. */
  readonly hidden?: () => PrivateAccess | undefined;
  /** Classes between it and the next one that is registered have no names of their own, and hide nothing. */
  readonly mixed?: boolean;
}

/** Made inside the class's body, where its private names can be said. */
export interface PrivateAccess {
  has(instance: object): boolean;
  read(instance: object): Readonly<Record<string, unknown>>;
  write(instance: object, fields: Readonly<Record<string, unknown>>): void;
  /** Called with an instance when all its private elements are there, before its constructor goes on. */
  made: ((instance: object) => void) | undefined;
}

/** The global list to which the files of a unit add their names. */
export const REGISTRY: unique symbol = Symbol.for("faasify.names") as never;

interface KnownClass {
  readonly id: string;
  readonly prototype: object;
  readonly constructor: Constructor;
  readonly access: ClassAccess;
}

type Constructor = new (...args: readonly unknown[]) => object;

/** The classes that were registered so far; more may be added at any time. */
export class RegisteredClasses implements ClassTable {
  readonly #accesses = new Map<string, ClassAccess>();
  readonly #byPrototype = new Map<object, KnownClass>();
  readonly #between = new Map<string, KnownClass>();
  readonly #travelling = new Map<object, TravellingClass | undefined>();

  add(classes: RegisteredNames["classes"]): void {
    for (const [id, access] of Object.entries(classes)) this.#accesses.set(id, access);
  }

  idOf(prototype: object): string | undefined {
    const known = this.#known(prototype);
    return known && this.#travellingClass(known) ? known.id : undefined;
  }

  find(id: string): TravellingClass | undefined {
    const access = this.#accesses.get(namedClass(id));
    const learnt = access && this.#learn(namedClass(id), access);
    const known = this.#between.get(id) ?? learnt;
    return known && this.#travellingClass(known);
  }

  #known(prototype: object): KnownClass | undefined {
    const known = this.#byPrototype.get(prototype);
    if (known) return known;
    for (const [id, access] of this.#accesses) this.#learn(id, access);
    return this.#byPrototype.get(prototype);
  }

  /** Undefined while the class is not defined yet, and for a name that no longer holds a class. */
  #learn(id: string, access: ClassAccess): KnownClass | undefined {
    const constructor = valueOf(access);
    if (typeof constructor !== "function") return undefined;
    const prototype: unknown = constructor.prototype;
    if (typeof prototype !== "object" || prototype === null) return undefined;
    const known = this.#byPrototype.get(prototype) ?? {
      id,
      prototype,
      constructor: constructor as Constructor,
      access,
    };
    this.#byPrototype.set(prototype, known);
    if (access.mixed) this.#learnBetween(known);
    return known;
  }

  /** What a mixin has made is known by the class that extends it: `User^1`, `User^2`. */
  #learnBetween({ id, prototype }: KnownClass): void {
    const named = new Set(Array.from(this.#accesses.values(), (access) => valueOf(access)?.prototype));
    let between: object | null = Object.getPrototypeOf(prototype);
    for (let level = 1; between && !named.has(between) && !nativeConstructor(between); level += 1) {
      const constructor: unknown = Object.getOwnPropertyDescriptor(between, "constructor")?.value;
      if (typeof constructor !== "function" || this.#byPrototype.has(between)) return;
      const access = { get: () => constructor };
      const known = { id: `${id}^${level}`, prototype: between, constructor: constructor as Constructor, access };
      this.#byPrototype.set(between, known);
      this.#between.set(known.id, known);
      between = Object.getPrototypeOf(between);
    }
  }

  /** Undefined when a class above it is unknown: what that one hides would be lost. */
  #travellingClass(known: KnownClass): TravellingClass | undefined {
    if (this.#travelling.has(known.prototype)) return this.#travelling.get(known.prototype);
    const lineage = this.#lineage(known);
    const travelling = lineage && { prototype: known.prototype, ...hiddenOf(lineage) };
    this.#travelling.set(known.prototype, travelling);
    return travelling;
  }

  /** From the class up to the last one of the project. */
  #lineage(known: KnownClass): Lineage | undefined {
    const classes: KnownClass[] = [];
    for (let prototype: object | null = known.prototype; prototype; prototype = Object.getPrototypeOf(prototype)) {
      const native = nativeConstructor(prototype);
      if (native) return { classes, native };
      const next = this.#known(prototype);
      if (!next) return undefined;
      classes.push(next);
    }
    return { classes, native: Object as unknown as Constructor };
  }
}

/** The id of the class by which another one is known that has no name: `User^1` → `User`. */
export function namedClass(id: string): string {
  return id.replace(/\^\d+$/, "");
}

interface Lineage {
  /** The most derived first. */
  readonly classes: readonly KnownClass[];
  /** What the last of them extends, and be it `Object`. */
  readonly native: Constructor;
}

function valueOf(access: ClassAccess): (object & { readonly prototype?: unknown }) | undefined {
  try {
    const value = access.get();
    return typeof value === "function" ? value : undefined;
  } catch (error) {
    if (error instanceof ReferenceError) return undefined;
    throw error;
  }
}

function nativeConstructor(prototype: object): Constructor | undefined {
  const maker: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  if (typeof maker !== "function" || maker.prototype !== prototype) return undefined;
  return /\{\s*\[native code\]\s*\}$/.test(Function.prototype.toString.call(maker))
    ? (maker as Constructor)
    : undefined;
}

function hiddenOf(lineage: Lineage): { readonly hidden?: HiddenFields } {
  if (!lineage.classes.some(({ access }) => access.hidden)) return {};
  return {
    hidden: {
      read: (instance) => {
        const fields: Record<string, unknown> = {};
        for (const { suffix, access } of levelsOf(lineage)) {
          for (const [name, value] of Object.entries(access.read(instance))) fields[name + suffix] = value;
        }
        return fields;
      },
      write: (instance, fields) => {
        const entries = Object.entries(fields);
        for (const { suffix, access } of levelsOf(lineage)) {
          const own = entries.filter(([name]) => name.slice(nameEnd(name)) === suffix);
          access.write(instance, Object.fromEntries(own.map(([name, value]) => [name.slice(0, nameEnd(name)), value])));
        }
      },
      create: () => create(lineage),
    },
  };
}

/** Where the suffix of a field's name begins: `#x^1` is the `#x` of the next class up. */
function nameEnd(name: string): number {
  const at = name.indexOf("^");
  return at === -1 ? name.length : at;
}

interface Level {
  readonly constructor: Constructor;
  readonly access: PrivateAccess;
  readonly suffix: string;
}

function levelsOf({ classes }: Lineage): Level[] {
  return classes.flatMap(({ constructor, access }, index) => {
    const hidden = access.hidden?.();
    return hidden ? [{ constructor, access: hidden, suffix: index === 0 ? "" : `^${index}` }] : [];
  });
}

/** Makes an instance that has the private elements of all its classes. Of their constructors nothing but field initialisers runs. */
function create(lineage: Lineage): object {
  const [derived] = lineage.classes;
  const levels = levelsOf(lineage).toReversed();
  const [first] = levels;
  const isRoot = first !== undefined && Object.getPrototypeOf(first.constructor) === Function.prototype;
  const target = derived?.constructor ?? lineage.native;
  const instance = isRoot ? stamp(first, undefined) : Reflect.construct(lineage.native, [], target);
  for (const level of isRoot ? levels.slice(1) : levels) stamp(level, instance);
  for (const key of Reflect.ownKeys(instance)) {
    if (Object.getOwnPropertyDescriptor(instance, key)?.configurable) Reflect.deleteProperty(instance, key);
  }
  if (derived) Object.setPrototypeOf(instance, derived.prototype);
  return instance;
}

/** Thrown to stop a constructor; never seen outside. */
const MADE = new Error("made");

/**
 * Gives an object a class's private elements. The last of them stops the constructor: by then all others are there.
 *
 * @param instance - what `super()` gives; undefined for a class that extends nothing
 */
function stamp({ constructor, access }: Level, instance: object | undefined): object {
  const parent: unknown = Object.getPrototypeOf(constructor);
  let made: object | undefined;
  access.made = (object) => {
    made = object;
    throw MADE;
  };
  try {
    // What `super` calls is looked up when it is called.
    if (instance) Object.setPrototypeOf(constructor, givesBack(instance));
    Reflect.construct(
      constructor,
      Array.from({ length: 16 }, () => anything),
    );
  } catch (error) {
    if (error !== MADE) throw error;
  } finally {
    access.made = undefined;
    if (instance) Object.setPrototypeOf(constructor, parent as object);
  }
  if (!made) throw new TypeError(`no instance of ${constructor.name} can be made without its constructor`);
  return made;
}

function givesBack(instance: object): object {
  return function () {
    return instance;
  };
}

/** Stands for every argument of a constructor that is stopped before it does anything with them. */
const anything: object = new Proxy(function () {}, {
  get: (_target, key) => (key === Symbol.toPrimitive ? () => "" : anything),
  apply: () => anything,
  construct: () => anything,
});
