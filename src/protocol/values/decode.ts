/** Wire → values. Trusts nothing: whatever is no graph ends in an error, before any object of the program is touched. */
import { bufferKind } from "./binary-kinds.ts";
import { fromBase64 } from "./base64.ts";
import type { CodecOptions, TravellingClass } from "./contract.ts";
import { EncodedValueBroken } from "./errors.ts";
import { arrayKind, isIndex, type Kind, objectKind } from "./kinds.ts";
import { findBuiltin, findSymbol } from "./names.ts";
import { type Key, type Property, replaceProperties, setProperty } from "./properties.ts";
import { findKind, getPrototypeOf, hiddenFieldsOf, kindOf, knownPrototypes, USUAL } from "./shape.ts";
import type { WireExtras, WireGraph, WireNode, WireProperties } from "./wire.ts";

interface Parsed {
  readonly kind: Kind;
  readonly data: readonly unknown[];
  readonly extras: WireExtras;
}

export class Decoder {
  readonly #options: CodecOptions;
  readonly #nodes: readonly WireNode[];
  readonly #objects: (object | undefined)[];
  readonly #firstNew: number;
  /** Objects of this end that are filled in place instead of being made. */
  readonly #existing: ReadonlyMap<number, object>;
  readonly #making = new Set<number>();

  constructor(
    options: CodecOptions,
    nodes: unknown,
    known: readonly object[] = [],
    existing: ReadonlyMap<number, object> = new Map(),
  ) {
    this.#options = options;
    this.#nodes = asArray(nodes, "its objects") as readonly WireNode[];
    this.#objects = [...known];
    this.#firstNew = known.length;
    this.#existing = existing;
  }

  /** Makes all objects, then fills them. @returns known objects, then the new ones */
  finish(): readonly object[] {
    const all = Array.from({ length: this.#firstNew + this.#nodes.length }, (_, index) => this.object(index));
    for (let index = this.#firstNew; index < all.length; index++) this.#fill(index, all[index] as object);
    return all;
  }

  /** @throws EncodedValueBroken if there is no such object */
  object(index: unknown): object {
    if (typeof index !== "number" || !Number.isInteger(index) || index < 0) throw broken(`object ${String(index)}`);
    const done = this.#objects[index];
    if (done) return done;
    const node = this.#nodes[index - this.#firstNew];
    if (node === undefined || this.#making.has(index)) throw broken(`object ${index}`);
    this.#making.add(index);
    const made = this.#make(node, this.#existing.get(index));
    this.#making.delete(index);
    this.#objects[index] = made;
    return made;
  }

  value(wire: unknown): unknown {
    if (typeof wire === "string" || typeof wire === "boolean" || wire === null) return wire;
    if (typeof wire === "number") return wire;
    const [tag, detail] = asArray(wire, "a value");
    if (typeof tag === "number") return this.object(tag);
    if (tag === "u") return undefined;
    if (typeof detail !== "string") throw broken(`a value ${JSON.stringify(wire)}`);
    return this.#named(String(tag), detail);
  }

  key(wire: unknown): Key {
    if (typeof wire === "string") return wire;
    if (typeof wire === "number") return String(wire);
    const key = this.value(wire);
    if (typeof key !== "symbol") throw broken(`a key ${JSON.stringify(wire)}`);
    return key;
  }

  properties({ k, K }: WireProperties): Property[] {
    const list = asArray(K ?? k ?? [], "properties");
    const width = K ? 3 : 2;
    if (list.length % width !== 0) throw broken("properties");
    const properties: Property[] = [];
    for (let index = 0; index < list.length; index += width) {
      const flags = K ? list[index + 2] : USUAL;
      if (typeof flags !== "number" || !Number.isInteger(flags) || flags < 0 || flags > USUAL)
        throw broken("attributes");
      properties.push({ key: this.key(list[index]), value: this.value(list[index + 1]), flags });
    }
    return properties;
  }

  hidden(list: unknown): Record<string, unknown> {
    const wires = asArray(list, "hidden fields");
    const fields = Object.create(null) as Record<string, unknown>;
    for (let index = 0; index < wires.length; index += 2) fields[String(wires[index])] = this.value(wires[index + 1]);
    return fields;
  }

  /** @param wire - as {@link WireExtras.p}; undefined: the kind's own */
  prototype(wire: unknown, kind: Kind): object | null {
    if (wire === undefined) return kind.prototype;
    const prototype = this.value(wire);
    if (prototype !== null && typeof prototype !== "object") throw broken("a prototype");
    const isName = Array.isArray(wire) && wire[0] === "g";
    if (isName && !knownPrototypes().has(prototype ?? {})) throw broken("a prototype");
    return prototype;
  }

  #named(tag: string, name: string): unknown {
    switch (tag) {
      case "n":
        return specialNumber(name);
      case "b":
        if (!/^-?\d+$/.test(name)) throw broken(`a bigint ${name}`);
        return BigInt(name);
      case "s":
        return Symbol.for(name);
      case "S":
        return findSymbol(name) ?? fail(`the symbol ${name}`);
      case "g":
        return findBuiltin(name) ?? fail(`${name}, which is not built in here`);
      case "c":
        return this.#class(name).prototype;
      case "k":
        return Object.getOwnPropertyDescriptor(this.#class(name).prototype, "constructor")?.value as unknown;
      default:
        throw broken(`a value tagged ${tag}`);
    }
  }

  #class(id: string): TravellingClass {
    return this.#options.classes?.find(id) ?? fail(`the class ${id} is not known here`);
  }

  #parse(node: WireNode): Parsed {
    if (!Array.isArray(node)) return { kind: objectKind, data: [], extras: {} };
    const [name, data, extras = {}] = node as readonly unknown[];
    const kind = typeof name === "string" ? findKind(name) : undefined;
    if (!kind) throw broken(`an object of kind ${JSON.stringify(name)}`);
    return { kind, data: asArray(data, "data"), extras: asRecord(extras, "an object's extras") };
  }

  #make(node: WireNode, existing: object | undefined): object {
    if (typeof node !== "object" || node === null) throw broken("an object");
    if (Array.isArray(node) && node[0] === "a") return existing ? ofKind(existing, arrayKind) : [];
    if (Array.isArray(node) && node[0] === "ref") return this.#restore(node[1]);
    const { kind, data, extras } = this.#parse(node);
    if (existing) return ofKind(existing, kind, data);
    if (extras.h) return ofKind(this.#createHidden(extras, kind), kind);
    if (kind === bufferKind) return makeBuffer(data);
    return kind.make(kind.late ? [] : data.map((wire) => this.value(wire)));
  }

  #restore(description: unknown): object {
    const restored = this.#options.references?.restore(description);
    if (!restored) throw broken("a reference, and nobody here who knows references");
    return restored;
  }

  #createHidden({ p }: WireExtras, kind: Kind): object {
    const hidden = hiddenFieldsOf(this.prototype(p, kind), this.#options.classes);
    if (!hidden) throw broken("hidden fields of a class that has none here");
    return hidden.create();
  }

  #fill(index: number, target: object): void {
    const node = this.#nodes[index - this.#firstNew] as WireNode;
    const isNew = !this.#existing.has(index);
    if (!Array.isArray(node)) return this.#fillOrdinary(target, node as Readonly<Record<string, unknown>>, isNew);
    if (node[0] === "ref") return;
    if (node[0] === "a") return this.#fillDense(target as unknown[], node, isNew);
    const { kind, data, extras } = this.#parse(node);
    if (kind === bufferKind) writeBytes(target as ArrayBuffer, data.slice(1));
    else if (kind.write && (kind.late || !isNew || extras.h))
      kind.write(
        target,
        data.map((wire) => this.value(wire)),
      );
    this.#fillExtras(target, kind, extras);
  }

  #fillExtras(target: object, kind: Kind, extras: WireExtras): void {
    const prototype = this.prototype(extras.p, kind);
    if (getPrototypeOf(target) !== prototype) Object.setPrototypeOf(target, prototype);
    if (extras.h) hiddenFieldsOf(prototype, this.#options.classes)?.write(target, this.hidden(extras.h));
    replaceProperties(target, kind, this.properties(extras));
    if (extras.x) Object.preventExtensions(target);
  }

  #fillOrdinary(target: object, node: Readonly<Record<string, unknown>>, isNew: boolean): void {
    const properties = Object.keys(node).map((key): Property => ({ key, value: this.value(node[key]), flags: USUAL }));
    if (isNew) for (const property of properties) setProperty(target, property);
    else replaceProperties(target, objectKind, properties);
  }

  #fillDense(target: unknown[], [, ...wires]: readonly unknown[], isNew: boolean): void {
    if (!isNew) target.length = 0;
    for (const wire of wires) target.push(this.value(wire));
    if (!isNew) for (const key of Reflect.ownKeys(target)) if (!isIndex(key)) Reflect.deleteProperty(target, key);
  }
}

/** @throws EncodedValueBroken in place of everything else that damaged input makes built-ins throw */
export function guarded<T>(decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (error instanceof EncodedValueBroken) throw error;
    throw new EncodedValueBroken(error instanceof Error ? error.message : String(error), error);
  }
}

export function parseGraph(graph: unknown): WireGraph {
  const record = asRecord(graph, "the graph");
  asArray(record["objects"], "its objects");
  return record as unknown as WireGraph;
}

export function asArray(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw broken(`${what} should be a list`);
  return value;
}

export function asRecord(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw broken(`${what} should be an object`);
  return value as Readonly<Record<string, unknown>>;
}

const specialNumbers = new Map([
  ["NaN", Number.NaN],
  ["Infinity", Infinity],
  ["-Infinity", -Infinity],
  ["-0", -0],
]);

function specialNumber(name: string): number {
  return specialNumbers.get(name) ?? fail(`a number ${name}`);
}

function ofKind(object: object, kind: Kind, [length]: readonly unknown[] = []): object {
  if (kindOf(object) !== kind) throw broken(`a ${kind.name} should be a ${kindOf(object).name} here`);
  if (kind === bufferKind && (object as ArrayBuffer).byteLength !== length) throw broken("a buffer of another length");
  return object;
}

/** No more memory than was sent, or than a pool of small buffers takes. */
function makeBuffer([length, ...spans]: readonly unknown[]): ArrayBuffer {
  const sent = spans.reduce<number>((sum, span) => sum + (typeof span === "string" ? span.length : 0), 0);
  if (typeof length !== "number" || !(length <= Math.max(sent, 2 ** 20))) throw broken("the length of a buffer");
  return new ArrayBuffer(length);
}

/** @param spans - offset, base64, … */
export function writeBytes(buffer: ArrayBuffer, spans: readonly unknown[]): void {
  for (let index = 0; index < spans.length; index += 2) {
    new Uint8Array(buffer).set(fromBase64(String(spans[index + 1])), Number(spans[index]));
  }
}

function broken(problem: string): EncodedValueBroken {
  return new EncodedValueBroken(problem);
}

function fail(problem: string): never {
  throw broken(problem);
}
