/**
 * Values ↔ JSON, without loss: see contract.ts for what is promised.
 *
 * A plain value is its own encoding, so that other callers (`curl`) read and write it as they would anyway.
 */
import { applyChange, planChange } from "./apply.ts";
import { encodeChange } from "./changes.ts";
import type { AnswerValues, CallValues, CodecOptions, Encoded, ReceivedCall, SentCall } from "./contract.ts";
import { asArray, asRecord, Decoder, guarded, parseGraph } from "./decode.ts";
import { Encoder, ROOT } from "./encode.ts";
import { EncodedValueBroken, ValueNotPortable } from "./errors.ts";
import { plainObjects } from "./plain.ts";
import { capture, kindOf, type Shape } from "./shape.ts";
import { GRAPH_KEY, type Wire, type WireChange, type WireGraph } from "./wire.ts";

export { ValueNotPortable } from "./errors.ts";

/**
 * @param root - what paths begin with
 * @throws ValueNotPortable
 */
export function encodeValue(value: unknown, options: CodecOptions = {}, root = "value"): Encoded {
  if (plainObjects(value) && !hasMark(value)) return value;
  const encoder = new Encoder(options);
  const wire = encoder.value(value, ROOT, { text: root });
  return graph({ value: wire, objects: encoder.finish() });
}

/** @throws EncodedValueBroken */
export function decodeValue(encoded: Encoded, options: CodecOptions = {}): unknown {
  if (!hasMark(encoded)) return encoded;
  return guarded(() => {
    const { objects, value } = graphOf(encoded);
    const decoder = new Decoder(options, objects);
    decoder.finish();
    return decoder.value(value);
  });
}

/**
 * Paths begin with `args[0]`, `this`, or the id of a variable.
 *
 * @throws ValueNotPortable
 */
export function encodeCall(values: CallValues, options: CodecOptions = {}): SentCall {
  const { args, self, state = {} } = values;
  if (self === undefined && Object.keys(state).length === 0) {
    const plain = plainObjects(args);
    // The list of arguments is no object of the call.
    if (plain) return { encoded: args, objects: [...plain].slice(1) };
  }
  const encoder = new Encoder(options);
  const wires = {
    args: args.map((value, index) => encoder.value(value, ROOT, { text: `args[${index}]` })),
    ...(self !== undefined && { self: encoder.value(self, ROOT, { text: "this" }) }),
    ...(Object.keys(state).length > 0 && { state: encodeState(encoder, state) }),
  };
  const objects = encoder.finish();
  return { encoded: graph({ ...wires, objects }), objects: encoder.objects };
}

/**
 * @param existing - objects of this end that are constants: state of these ids is filled into them, in place
 * @throws EncodedValueBroken
 */
export function decodeCall(
  encoded: Encoded,
  options: CodecOptions = {},
  existing: Readonly<Record<string, object>> = {},
): ReceivedCall {
  const received = guarded(() =>
    hasMark(encoded) ? decodeGraphCall(encoded, options, existing) : decodePlainCall(encoded),
  );
  memories.set(
    received.objects,
    received.objects.map((object) => captureIfKept(object, options)),
  );
  return received;
}

/**
 * What the function's caller has to know: the result or what was thrown, the variables that changed, and what changed
 * inside the objects of the call. `undefined` if it returned nothing and changed nothing.
 *
 * @param root - what paths in the value begin with
 * @throws ValueNotPortable
 */
export function encodeAnswer(
  received: ReceivedCall,
  answer: AnswerValues,
  options: CodecOptions = {},
  root = "result",
): Encoded {
  const encoder = new Encoder(options, received.objects);
  const state = changedState(received.state, answer.state);
  const noState = Object.keys(state).length === 0;
  const changes = encodeChanges(encoder, received, options);
  if (noState && changes.length === 0) {
    if (answer.value === undefined) return undefined;
    if (plainObjects(answer.value, encoder.known) && !hasMark(answer.value)) return answer.value;
  }
  const value = encoder.value(answer.value, ROOT, { text: root });
  const wires = {
    value,
    ...(!noState && { state: encodeState(encoder, state) }),
    ...(changes.length > 0 && { changes }),
  };
  return graph({ ...wires, objects: withPaths(() => encoder.finish(), received, options) });
}

/**
 * Changes the caller's objects as the function has changed its copies. `state` has the variables that changed.
 *
 * @throws EncodedValueBroken before anything was changed
 */
export function decodeAnswer(encoded: Encoded, sent: SentCall, options: CodecOptions = {}): AnswerValues {
  if (!hasMark(encoded)) return { value: encoded };
  const { plans, answer } = guarded(() => {
    const { objects, value, state, changes = [] } = graphOf(encoded);
    const decoder = new Decoder(options, objects, sent.objects);
    decoder.finish();
    const plans = asArray(changes, "changes").map((entry) => {
      const [index, change] = asArray(entry, "a change");
      const target = typeof index === "number" ? sent.objects[index] : undefined;
      if (!target) throw new EncodedValueBroken(`a change of object ${String(index)}`);
      return planChange(decoder, target, change);
    });
    const answer = { value: decoder.value(value), ...(state && { state: decodeState(decoder, state) }) };
    return { plans, answer };
  });
  for (const plan of plans) applyChange(plan, options);
  return answer;
}

/** What the objects of received calls were like before the function ran; by {@link ReceivedCall.objects}. */
const memories = new WeakMap<readonly object[], readonly (Shape | undefined)[]>();

/** References stay where they are: nothing of them is here. */
function captureIfKept(object: object, options: CodecOptions): Shape | undefined {
  return typeof object === "function" ? undefined : capture(object, kindOf(object), options.classes);
}

function encodeChanges(
  encoder: Encoder,
  received: ReceivedCall,
  options: CodecOptions,
): (readonly [index: number, change: WireChange])[] {
  const shapes = memories.get(received.objects);
  if (!shapes) throw new TypeError("this call was not received by decodeCall");
  const changes: (readonly [number, WireChange])[] = [];
  withPaths(
    () => {
      for (const [index, object] of received.objects.entries()) {
        const before = shapes[index];
        const after = before && capture(object, before.kind, options.classes);
        const change = after && encodeChange(encoder, index, before, after);
        if (change) changes.push([index, change]);
      }
    },
    received,
    options,
  );
  return changes;
}

/** Runs `encode`; what it refuses inside the call's objects gets the path that the call's sender knows. */
function withPaths<T>(encode: () => T, received: ReceivedCall, options: CodecOptions): T {
  try {
    return encode();
  } catch (error) {
    if (error instanceof ValueNotPortable && error.path.startsWith("object ")) encodeCall(received, options);
    throw error;
  }
}

function decodePlainCall(encoded: Encoded): ReceivedCall {
  const args = asArray(encoded, "the arguments");
  const [, ...objects] = plainObjects(args) ?? [];
  return { args, objects };
}

function decodeGraphCall(
  encoded: Marked,
  options: CodecOptions,
  existing: Readonly<Record<string, object>>,
): ReceivedCall {
  const { objects, args, self, state = {} } = graphOf(encoded);
  const wires = asRecord(state, "state");
  const inPlace = new Map<number, object>();
  for (const [id, object] of Object.entries(existing)) {
    const wire = Object.hasOwn(wires, id) ? wires[id] : undefined;
    if (!Array.isArray(wire) || typeof wire[0] !== "number") continue;
    inPlace.set(wire[0], object);
    if (ArrayBuffer.isView(object)) noteBuffer(inPlace, objects[wire[0]], object);
  }
  const decoder = new Decoder(options, objects, [], inPlace);
  const all = decoder.finish();
  return {
    args: asArray(args, "the arguments").map((wire) => decoder.value(wire)),
    ...(self !== undefined && { self: decoder.value(self) }),
    state: decodeState(decoder, state),
    objects: all,
  };
}

/** A view stays what it is, and so does the buffer behind it: its bytes are filled in. */
function noteBuffer(inPlace: Map<number, object>, node: unknown, view: ArrayBufferView): void {
  const [, [buffer, offset]] = node as readonly [string, readonly [readonly [number], number]];
  if (offset !== view.byteOffset) throw new EncodedValueBroken("a constant view shows another part of its buffer here");
  inPlace.set(buffer[0], view.buffer);
}

function encodeState(encoder: Encoder, state: Readonly<Record<string, unknown>>): Record<string, Wire> {
  return Object.fromEntries(Object.entries(state).map(([id, value]) => [id, encoder.value(value, ROOT, { text: id })]));
}

function decodeState(decoder: Decoder, state: unknown): Record<string, unknown> {
  const wires = asRecord(state, "state");
  return Object.fromEntries(Object.entries(wires).map(([id, wire]) => [id, decoder.value(wire)]));
}

/** Variables that hold something else now; what changed inside is no concern of theirs. */
function changedState(
  before: Readonly<Record<string, unknown>> = {},
  after: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(after).filter(([id, value]) => !Object.hasOwn(before, id) || !Object.is(before[id], value)),
  );
}

type Marked = Readonly<Record<typeof GRAPH_KEY, unknown>>;

function graph(content: WireGraph): Encoded {
  return { [GRAPH_KEY]: content };
}

function graphOf(encoded: Marked): WireGraph {
  if (Object.keys(encoded).length !== 1) throw new EncodedValueBroken("something beside the graph");
  return parseGraph(encoded[GRAPH_KEY]);
}

function hasMark(value: unknown): value is Marked {
  return typeof value === "object" && value !== null && !Array.isArray(value) && Object.hasOwn(value, GRAPH_KEY);
}
