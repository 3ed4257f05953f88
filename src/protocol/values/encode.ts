/** Values → wire. Works through a list: depth costs no stack. */
import { bufferKind, isView, rangeOf, whyNotBuffer } from "./binary-kinds.ts";
import { toBase64 } from "./base64.ts";
import type { CodecOptions } from "./contract.ts";
import { stepText, ValueNotPortable, withArticle, type Step } from "./errors.ts";
import { isBufferPool, isProxy } from "./host.ts";
import { arrayKind, type Kind, objectKind } from "./kinds.ts";
import { encodeSymbol, nameOfBuiltin } from "./names.ts";
import { ACCESSOR, capture, getPrototypeOf, kindOf, knownPrototypes, type Shape, USUAL } from "./shape.ts";
import type { Wire, WireExtras, WireNode, WireProperties } from "./wire.ts";

/** The owner of what is no property of an object: its step is the whole path. */
export const ROOT = -1;

export type Properties = Pick<Shape, "keys" | "values" | "flags">;

export class Encoder {
  readonly #options: CodecOptions;
  readonly #objects: object[];
  readonly #indices = new Map<object, number>();
  /** Where each object was met first. */
  readonly #owners: number[] = [];
  readonly #steps: Step[] = [];
  readonly #firstNew: number;
  /** Buffers that are values themselves, not only behind views. */
  readonly #wholeBuffers = new Set<object>();
  readonly #ranges = new Map<object, (readonly [start: number, end: number])[]>();

  /** @param known - objects that the other end has: they are referred to by their number, and not encoded */
  constructor(options: CodecOptions, known: readonly object[] = []) {
    this.#options = options;
    this.#objects = [...known];
    for (const [index, object] of known.entries()) this.#indices.set(object, index);
    this.#firstNew = known.length;
  }

  /** Known objects, then the new ones by number. */
  get objects(): readonly object[] {
    return this.#objects;
  }

  get known(): ReadonlyMap<object, number> {
    return this.#indices;
  }

  /** @throws ValueNotPortable for a primitive that cannot travel; objects are looked at by {@link finish} */
  value(value: unknown, owner: number, step: Step): Wire {
    if (typeof value === "string" || typeof value === "boolean" || value === null) return value;
    if (typeof value === "number") return encodeNumber(value);
    if (typeof value === "bigint") return ["b", String(value)];
    if (value === undefined) return ["u"];
    if (typeof value !== "symbol") return this.#object(value, owner, step);
    const encoded = encodeSymbol(value);
    if (!encoded) throw this.refusal(owner, step, `a symbol of this program (${String(value)})`);
    return encoded;
  }

  /** Encodes all objects that values have mentioned so far, and those that these mention. */
  finish(): readonly WireNode[] {
    const nodes: WireNode[] = [];
    const buffers: [buffer: ArrayBuffer, data: unknown[]][] = [];
    for (let index = this.#firstNew; index < this.#objects.length; index++) {
      const object = this.#objects[index] as object;
      const node = this.#node(index, object);
      nodes.push(node);
      if (Array.isArray(node) && node[0] === bufferKind.name)
        buffers.push([object as ArrayBuffer, node[1] as unknown[]]);
    }
    // Only now it is known what views there are.
    for (const [buffer, data] of buffers) for (const part of this.#bytes(buffer)) data.push(part);
    return nodes;
  }

  refusal(owner: number, step: Step, what: string): ValueNotPortable {
    const steps = [stepText(step)];
    for (let index = owner; index !== ROOT; index = this.#owners[index] ?? ROOT) {
      steps.push(stepText(this.#steps[index] ?? { text: `object ${index}` }));
    }
    return new ValueNotPortable(steps.toReversed().join(""), what);
  }

  /** @param index - of the object that has them */
  properties(index: number, { keys, values, flags }: Properties): WireProperties {
    if (values.length === 0) return {};
    const list: Wire[] = [];
    for (const [position, value] of values.entries()) {
      const key = keys ? (keys[position] ?? "") : position;
      list.push(this.key(index, key), this.#property(index, key, value, flags?.[position] ?? USUAL));
      if (flags) list.push(flags[position] ?? USUAL);
    }
    return flags ? { K: list } : { k: list };
  }

  data(index: number, { kind, data }: Shape): Wire[] {
    return data.map((value, position) => this.#datum(index, value, kind.step?.(position, data) ?? ""));
  }

  hidden(index: number, fields: Readonly<Record<string, unknown>>): Wire[] {
    return Object.entries(fields).flatMap(([name, value]) => [name, this.value(value, index, { text: `.${name}` })]);
  }

  /** Undefined: the kind's own. */
  prototype(index: number, { prototype, kind }: Shape): Wire | undefined {
    if (prototype === kind.prototype) return undefined;
    if (prototype === null) return null;
    return this.value(prototype, index, { text: ".[[Prototype]]" });
  }

  #object(object: object, owner: number, step: Step): Wire {
    if (object instanceof ArrayBuffer) this.#wholeBuffers.add(object);
    const known = this.#indices.get(object);
    if (known !== undefined) return [known];
    const name = nameOfBuiltin(object);
    if (name !== undefined) return ["g", name];
    const ofClass = this.#classWire(object);
    if (ofClass) return ofClass;
    return [this.#register(object, owner, step)];
  }

  #register(object: object, owner: number, step: Step): number {
    const index = this.#objects.length;
    this.#indices.set(object, index);
    this.#objects.push(object);
    this.#owners[index] = owner;
    this.#steps[index] = step;
    return index;
  }

  /** A class and its prototype are values of their own. */
  #classWire(object: object): Wire | undefined {
    const { classes } = this.#options;
    if (!classes) return undefined;
    if (typeof object !== "function") {
      const id = classes.idOf(object);
      return id === undefined ? undefined : ["c", id];
    }
    const prototype: unknown = Object.getOwnPropertyDescriptor(object, "prototype")?.value;
    if (typeof prototype !== "object" || prototype === null) return undefined;
    const id = classes.idOf(prototype);
    const constructor: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
    return id === undefined || constructor !== object ? undefined : ["k", id];
  }

  #datum(index: number, value: unknown, step: string): Wire {
    if (!(value instanceof ArrayBuffer)) return this.value(value, index, { text: step });
    // Behind a view: that does not make it a value itself.
    return [this.#indices.get(value) ?? this.#register(value, index, { text: step })];
  }

  key(index: number, key: string | symbol | number): Wire {
    if (typeof key !== "symbol") return key;
    const encoded = encodeSymbol(key);
    if (!encoded) throw this.refusal(index, key, "a property named by a symbol of this program");
    return encoded;
  }

  #property(index: number, key: string | symbol | number, value: unknown, flags: number): Wire {
    if (flags & ACCESSOR) throw this.refusal(index, key, "a getter or setter");
    return this.value(value, index, key);
  }

  #node(index: number, object: object): WireNode {
    const kind = isProxy(object) ? objectKind : kindOf(object);
    const why = this.#whyNot(object, kind);
    if (why !== undefined) return this.#reference(index, object, why);
    const shape = capture(object, kind, this.#options.classes);
    if (isView(object)) this.#noteRange(object);
    const isUsual = shape.prototype === kind.prototype && shape.extensible && !shape.flags;
    return (isUsual ? this.#usual(index, shape) : undefined) ?? this.#general(index, shape);
  }

  /** Arrays and ordinary objects have a short form. Undefined: this one has not. */
  #usual(index: number, { kind, keys, values }: Shape): WireNode | undefined {
    if (kind === arrayKind && !keys) return ["a", ...values.map((value, at) => this.value(value, index, at))];
    return kind === objectKind && keys?.every(isOrdinaryKey) === true ? this.#ordinary(index, keys, values) : undefined;
  }

  #reference(index: number, object: object, why: string): WireNode {
    const described = this.#options.references?.describe(object);
    if (described !== undefined) return ["ref", described];
    throw this.refusal(this.#owners[index] ?? ROOT, this.#steps[index] ?? { text: "" }, why);
  }

  #general(index: number, shape: Shape): WireNode {
    const { kind, hidden } = shape;
    const data = this.data(index, shape);
    const prototype = this.prototype(index, shape);
    const extras: WireExtras = {
      ...(prototype !== undefined && { p: prototype }),
      ...this.properties(index, shape),
      ...(hidden && { h: this.hidden(index, hidden) }),
      ...(!shape.extensible && { x: 1 }),
    };
    return Object.keys(extras).length === 0 ? [kind.name, data] : [kind.name, data, extras];
  }

  #ordinary(index: number, keys: readonly string[], values: readonly unknown[]): WireNode {
    const node: Record<string, Wire> = {};
    for (const [position, key] of keys.entries()) node[key] = this.value(values[position], index, key);
    return node;
  }

  /** What the object is, if it cannot travel. */
  #whyNot(object: object, kind: Kind): string | undefined {
    if (isProxy(object)) return "a Proxy";
    if (typeof object === "function") return describeFunction(object);
    if (kind === bufferKind) {
      const why = whyNotBuffer(object as ArrayBuffer);
      if (why !== undefined) return why;
    }
    const foreign = this.#foreignClass(object);
    if (foreign !== undefined) return withArticle(foreign);
    return kind === objectKind && !this.#isOfClass(object) ? whyNotOrdinary(object) : undefined;
  }

  #isOfClass(object: object): boolean {
    const prototype = getPrototypeOf(object);
    return prototype !== null && this.#options.classes?.idOf(prototype) !== undefined;
  }

  /** The name of a class on the prototype chain that the other end does not know. */
  #foreignClass(object: object): string | undefined {
    for (let next = getPrototypeOf(object); next !== null; next = getPrototypeOf(next)) {
      if (knownPrototypes().has(next)) return undefined;
      if (this.#options.classes?.idOf(next) !== undefined) continue;
      const maker: unknown = Object.getOwnPropertyDescriptor(next, "constructor")?.value;
      if (typeof maker === "function" && maker !== Object)
        return maker.name === "" ? "instance of a class" : maker.name;
    }
    return undefined;
  }

  #noteRange(view: ArrayBufferView): void {
    const ranges = this.#ranges.get(view.buffer) ?? [];
    ranges.push(rangeOf(view));
    this.#ranges.set(view.buffer, ranges);
  }

  #bytes(buffer: ArrayBuffer): (number | string)[] {
    if (buffer.byteLength === 0) return [];
    const whole = this.#wholeBuffers.has(buffer) || !isBufferPool(buffer);
    const ranges = whole ? [[0, buffer.byteLength] as const] : (this.#ranges.get(buffer) ?? []);
    return ranges.flatMap(([start, end]) => [start, toBase64(new Uint8Array(buffer, start, end - start))]);
  }
}

function encodeNumber(value: number): Wire {
  if (Object.is(value, -0)) return ["n", "-0"];
  return Number.isFinite(value) ? value : ["n", String(value)];
}

/** Assigning to `__proto__` would do something else. */
function isOrdinaryKey(key: string | symbol): key is string {
  return typeof key === "string" && key !== "__proto__";
}

function describeFunction(value: object): string {
  return /^class\b/.test(Function.prototype.toString.call(value)) ? "a class" : "a function";
}

/** Generators, iterators, `arguments` and other objects that are more than their properties. */
function whyNotOrdinary(object: object): string | undefined {
  if (Object.hasOwn(object, Symbol.toStringTag)) return undefined;
  const tag = Object.prototype.toString.call(object).slice("[object ".length, -1);
  return tag === "Object" ? undefined : withArticle(tag === "Arguments" ? "arguments object" : tag);
}
