/**
 * The objects that both ends of a conversation have: each end has a copy of every one, and what one end has changed the
 * other has before it goes on. Only one end runs at a time, so that nothing can be changed at both.
 */
import { applyChange, planChange } from "../values/apply.ts";
import { isView, rangeOf } from "../values/binary-kinds.ts";
import { encodeChange } from "../values/changes.ts";
import type { CallValues, CodecOptions, Encoded } from "../values/contract.ts";
import { asArray, asRecord, Decoder, guarded } from "../values/decode.ts";
import { Encoder } from "../values/encode.ts";
import { EncodedValueBroken, stepText, ValueNotPortable } from "../values/errors.ts";
import { isBufferPool } from "../values/host.ts";
import type { Kind } from "../values/kinds.ts";
import { capture, kindOf, type Shape } from "../values/shape.ts";
import { GRAPH_KEY, type WireChange, type WireNode } from "../values/wire.ts";

/** What one end tells the other of the objects with each message. */
export interface WireHeap {
  /** New ones; their numbers follow those of the known ones. */
  readonly objects?: readonly WireNode[];
  readonly changes?: readonly (readonly [index: number, change: WireChange])[];
  /** Numbers of those that the sender has no use for any more. */
  readonly dropped?: readonly number[];
}

export class SharedHeap {
  readonly #options: CodecOptions;
  readonly #objects: object[] = [];
  /** What the other end believes they are like. Undefined: it has a stand-in for it, or it was dropped. */
  readonly #shapes: (Shape | undefined)[] = [];
  readonly #indices = new Map<object, number>();
  /** Pools of small buffers, and what their views show of them. */
  readonly #pools = new Set<number>();
  readonly #ranges = new Map<object, (readonly [start: number, end: number])[]>();
  /** How many properties functions have. */
  readonly #functions = new Map<number, number>();
  /** What paths begin with. */
  readonly #roots = new Map<unknown, string>();

  /** @param options - with the references of the conversation */
  constructor(options: CodecOptions) {
    this.#options = options;
  }

  /** What the call brought that began the conversation: the same list, in the same order, at both ends. */
  adopt(encoded: Encoded, objects: readonly object[], values: CallValues): void {
    values.args.forEach((value, index) => this.#roots.set(value, `args[${index}]`));
    this.#roots.set(values.self, "this");
    for (const [id, value] of Object.entries(values.state ?? {})) this.#roots.set(value, id);
    this.#add(objects, nodesOf(encoded));
  }

  /** What both ends know by its number and never copy. */
  adoptReference(object: object): void {
    this.#indices.set(object, this.#objects.length);
    this.#objects.push(object);
    this.#shapes.push(undefined);
  }

  get size(): number {
    return this.#objects.length;
  }

  indexOf(value: unknown): number | undefined {
    return this.#indices.get(value as object);
  }

  /**
   * @param write - encodes the values of a message
   * @throws ValueNotPortable: the conversation cannot go on then
   */
  encode<T>(write: (encoder: Encoder) => T): { readonly heap: WireHeap; readonly content: T } {
    const encoder = new Encoder(this.#options, this.#objects);
    const known = this.#objects.length;
    const after = new Map<number, Shape>();
    try {
      this.#refuseProperties();
      const changes = this.#changes(encoder, after, (index) => !this.#pools.has(index));
      const content = write(encoder);
      const objects = encoder.finish();
      // Only now it is known which views there are, and bytes mention no further objects.
      this.#noteViews(encoder.objects.slice(known));
      changes.push(...this.#changes(encoder, after, (index) => this.#pools.has(index)));
      for (const [index, shape] of after) this.#shapes[index] = shape;
      this.#add(encoder.objects.slice(known), objects);
      return {
        heap: { ...(objects.length > 0 && { objects }), ...(changes.length > 0 && { changes }) },
        content,
      };
    } catch (error) {
      throw error instanceof ValueNotPortable ? this.#withPath(error) : error;
    }
  }

  /**
   * @param read - decodes the values of the message; the changes are made behind it
   * @throws EncodedValueBroken before anything was changed
   */
  decode<T>(wire: unknown, read: (decoder: Decoder) => T): T {
    const { objects = [], changes = [], dropped = [] } = asRecord(wire ?? {}, "the objects") as WireHeap;
    const { plans, content, made } = guarded(() => {
      const decoder = new Decoder(this.#options, objects, this.#objects);
      const made = decoder.finish().slice(this.#objects.length);
      const plans = asArray(changes, "changes").map((entry) => {
        const [index, change] = asArray(entry, "a change");
        const target = typeof index === "number" ? this.#objects[index] : undefined;
        if (!target || !this.#shapes[index as number])
          throw new EncodedValueBroken(`a change of object ${String(index)}`);
        return { index: index as number, plan: planChange(decoder, target, change) };
      });
      return { plans, content: read(decoder), made };
    });
    for (const { index, plan } of plans) {
      applyChange(plan, this.#options);
      this.#shapes[index] = this.#capture(plan.target, plan.kind);
    }
    this.#add(made, objects);
    for (const index of dropped) this.#drop(index);
    return content;
  }

  #add(objects: readonly object[], nodes: readonly unknown[] | undefined): void {
    this.#noteViews(objects);
    for (const [position, object] of objects.entries()) {
      const index = this.#objects.length;
      this.#indices.set(object, index);
      this.#objects.push(object);
      const isReference = nodes !== undefined && isReferenceNode(nodes[position]);
      this.#shapes.push(isReference ? undefined : this.#capture(object, kindOf(object)));
      if (typeof object === "function") this.#functions.set(index, Reflect.ownKeys(object).length);
      if (object instanceof ArrayBuffer && isBufferPool(object)) this.#pools.add(index);
    }
  }

  /** What is put onto a function here is not there, and would be missed. */
  #refuseProperties(): void {
    for (const [index, keys] of this.#functions) {
      if (Reflect.ownKeys(this.#objects[index] ?? {}).length === keys) continue;
      throw new ValueNotPortable(`object ${index}`, "a function that has got properties of its own");
    }
  }

  #noteViews(objects: readonly object[]): void {
    for (const view of objects) {
      if (!isView(view) || !isBufferPool(view.buffer)) continue;
      const ranges = this.#ranges.get(view.buffer) ?? [];
      ranges.push(rangeOf(view));
      this.#ranges.set(view.buffer, ranges);
    }
  }

  /** Of a pool of small buffers nothing but what the views show: the rest is other people's. */
  #capture(object: object, kind: Kind): Shape {
    const shape = capture(object, kind, this.#options.classes);
    const ranges = shape.bytes && isBufferPool(object as ArrayBuffer) ? (this.#ranges.get(object) ?? []) : undefined;
    if (!ranges || !shape.bytes) return shape;
    const bytes = new Uint8Array(shape.bytes.length);
    for (const [start, end] of ranges) bytes.set(shape.bytes.subarray(start, end), start);
    return { ...shape, bytes };
  }

  #drop(index: number): void {
    const object = this.#objects[index];
    if (!object) throw new EncodedValueBroken(`a dropped object ${index}`);
    this.#indices.delete(object);
    this.#functions.delete(index);
    // The numbers of the others stay.
    this.#objects[index] = {};
    this.#shapes[index] = undefined;
  }

  #changes(
    encoder: Encoder,
    after: Map<number, Shape>,
    isMeant: (index: number) => boolean,
  ): (readonly [number, WireChange])[] {
    const changes: (readonly [number, WireChange])[] = [];
    for (const [index, before] of this.#shapes.entries()) {
      if (!before || !isMeant(index)) continue;
      const now = this.#capture(this.#objects[index] as object, before.kind);
      const change = encodeChange(encoder, index, before, now);
      if (!change) continue;
      changes.push([index, change]);
      after.set(index, now);
    }
    return changes;
  }

  /** Where an object of the call that cannot travel any more is: its number says nothing to anybody. */
  #withPath(error: ValueNotPortable): ValueNotPortable {
    const match = /^object (\d+)/.exec(error.path);
    if (!match) return error;
    return new ValueNotPortable(this.#pathTo(Number(match[1])) + error.path.slice(match[0].length), error.what);
  }

  #pathTo(index: number): string {
    const target = this.#objects[index];
    const root = this.#roots.get(target);
    if (root !== undefined) return root;
    for (const [holder, shape] of this.#shapes.entries()) {
      const at = shape && holder < index ? shape.values.indexOf(target) : -1;
      if (shape && at >= 0) return this.#pathTo(holder) + stepText(shape.keys?.[at] ?? at);
    }
    return `object ${index} of the call`;
  }
}

/** Undefined: plain JSON, which has no references. */
function nodesOf(encoded: Encoded): readonly unknown[] | undefined {
  const graph = (encoded as Record<string, { readonly objects?: readonly unknown[] } | undefined>)[GRAPH_KEY];
  return graph?.objects;
}

function isReferenceNode(node: unknown): boolean {
  return Array.isArray(node) && node[0] === "ref";
}
