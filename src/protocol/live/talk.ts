/** One end's view of a conversation: what is said, in messages; when it is said, its owner decides. */
import type { ClassTable } from "../values/contract.ts";
import type { Decoder } from "../values/decode.ts";
import { asArray, asRecord } from "../values/decode.ts";
import { EncodedValueBroken } from "../values/errors.ts";
import { ROOT, type Encoder } from "../values/encode.ts";
import type {
  How,
  Message,
  MessageType,
  Outcome,
  Request,
  Settlement,
  StateSide,
  WireOutcome,
  WireRequest,
} from "./contract.ts";
import { SharedHeap } from "./heap.ts";
import type { References } from "./references.ts";

/** What a message is about. */
export interface Content {
  readonly request?: Request;
  readonly outcome?: Outcome;
}

export interface Received extends Content {
  readonly type: MessageType;
}

export interface TalkOptions {
  readonly classes: ClassTable;
  readonly references: References;
  readonly state: StateSide;
  /** Of an object that the other end has thrown and made: before anybody else here sees it. */
  readonly onThrown?: (value: unknown) => void;
}

export class Talk {
  readonly heap: SharedHeap;
  readonly #references: References;
  readonly #state: StateSide;
  readonly #onThrown: TalkOptions["onThrown"];
  /** What the other end believes the variables hold. */
  #known: Readonly<Record<string, unknown>> = {};
  #settled: Settlement[] = [];

  constructor({ classes, references, state, onThrown }: TalkOptions) {
    this.heap = new SharedHeap({ classes, references });
    this.#references = references;
    this.#state = state;
    this.#onThrown = onThrown;
  }

  /** Both ends know the same values of the variables now. */
  noteState(): void {
    this.#known = this.#state.read();
  }

  /** Is told with the next message. */
  addSettlement(settlement: Settlement): void {
    this.#settled.push(settlement);
  }

  get hasSettlements(): boolean {
    return this.#settled.length > 0;
  }

  /** @throws ValueNotPortable: nothing was written */
  write(type: MessageType, { request, outcome }: Content = {}): Message {
    const settled = this.#settled;
    const now = this.#state.read();
    const changed = Object.entries(now).filter(([id, value]) => !Object.is(value, this.#known[id]));
    const { heap, content } = this.heap.encode((encoder) => ({
      ...(request && { request: requestWire(encoder, request) }),
      ...(outcome && { outcome: outcomeWire(encoder, outcome, outcome.ok ? "result" : "error") }),
      ...(changed.length > 0 && { state: stateWire(encoder, changed) }),
      ...(settled.length > 0 && { settled: settled.map((one) => settlementWire(encoder, one)) }),
    }));
    this.#known = now;
    this.#settled = [];
    return { type, ...(Object.keys(heap).length > 0 && { heap }), ...content };
  }

  /** @throws EncodedValueBroken */
  read(message: Message): Received {
    const { size } = this.heap;
    const { state, settled, ...content } = this.heap.decode(message.heap, (decoder) => ({
      state: Object.entries(asRecord(message.state ?? {}, "state")).map(
        ([id, wire]) => [id, decoder.value(wire)] as const,
      ),
      settled: asArray(message.settled ?? [], "settlements").map((wire) => settlementOf(decoder, wire)),
      ...(message.request && { request: requestOf(decoder, message.request) }),
      ...(message.outcome && { outcome: outcomeOf(decoder, message.outcome) }),
    }));
    for (const [id, value] of state) this.#state.write(id, value);
    if (state.length > 0) this.noteState();
    for (const outcome of [...settled, content.outcome]) this.#noteThrown(outcome, size);
    for (const settlement of settled) this.#references.settle(settlement);
    return { type: message.type, ...content };
  }

  /** What this end had before comes back as it is. */
  #noteThrown(outcome: Outcome | undefined, known: number): void {
    const index = outcome?.ok === false ? this.heap.indexOf(outcome.value) : undefined;
    if (index !== undefined && index >= known) this.#onThrown?.(outcome?.value);
  }
}

function stateWire(encoder: Encoder, changed: readonly (readonly [string, unknown])[]) {
  return Object.fromEntries(changed.map(([id, value]) => [id, encoder.value(value, ROOT, { text: id })]));
}

function requestWire(encoder: Encoder, { how, target, self, args }: Request): WireRequest {
  return {
    how,
    target: encoder.value(target, ROOT, { text: "the function" }),
    self: encoder.value(self, ROOT, { text: "this" }),
    args: args.map((value, index) => encoder.value(value, ROOT, { text: `args[${index}]` })),
  };
}

function outcomeWire(encoder: Encoder, { ok, value, done }: Outcome, text: string): WireOutcome {
  return { ok, ...(done !== undefined && { done }), value: encoder.value(value, ROOT, { text }) };
}

function settlementWire(encoder: Encoder, { promise, ...outcome }: Settlement) {
  const text = outcome.ok ? "result" : "error";
  return { promise: encoder.value(promise, ROOT, { text: "a promise" }), ...outcomeWire(encoder, outcome, text) };
}

const hows: ReadonlySet<unknown> = new Set<How>(["call", "construct", "next", "return", "throw", "abort"]);

function requestOf(decoder: Decoder, wire: unknown): Request {
  const { how, target, self, args } = asRecord(wire, "a request");
  const object = decoder.value(target);
  const isObject = (typeof object === "object" && object !== null) || typeof object === "function";
  if (!hows.has(how) || !isObject) throw new EncodedValueBroken("a request");
  return {
    how: how as How,
    target: object,
    self: decoder.value(self),
    args: asArray(args, "arguments").map((value) => decoder.value(value)),
  };
}

function outcomeOf(decoder: Decoder, wire: unknown): Outcome {
  const { ok, value, done } = asRecord(wire, "an outcome");
  return { ok: ok === true, value: decoder.value(value), ...(done !== undefined && { done: done === true }) };
}

function settlementOf(decoder: Decoder, wire: unknown): Settlement {
  const { promise } = asRecord(wire, "a settlement");
  const object = decoder.value(promise);
  if (typeof object !== "object" || object === null) throw new EncodedValueBroken("a promise");
  return { promise: object, ...outcomeOf(decoder, wire) };
}
