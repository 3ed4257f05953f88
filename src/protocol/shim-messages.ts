/**
 * The messages between the debug shim (inside the function) and the relay and debug adapter.
 *
 * The shim dials `ws://HOST:PORT/SESSION` and both sides prove that they know the session's secret
 * before anything else is said:
 *
 *     relay → shim   challenge { nonce }
 *     shim  → relay  hello { …, nonce, mac = HMAC(secret, "shim:" + relayNonce + ":" + shimNonce) }
 *     relay → shim   welcome { mac = HMAC(secret, "relay:" + shimNonce + ":" + relayNonce) }
 *
 * HMAC is SHA-256, nonces are 16 random bytes in hex, macs are hex. A wrong mac closes the socket with
 * `CLOSE_UNAUTHORIZED`: the shim never dials again. The shim obeys nothing before a verified `welcome`.
 *
 * In a sealed session (sealed-frames.ts) `hello` has only the proof in clear, and every frame after `welcome` is sealed.
 *
 * Otherwise every frame is one JSON text of at most `MAX_FRAME_BYTES`; a frame above `COMPRESS_ABOVE_BYTES` may be
 * sent as a binary frame with the raw-deflated JSON.
 *
 * A change that an old peer cannot ignore increments `PROTOCOL_VERSION`; the shapes of `challenge` and
 * `hello`'s first three fields never change.
 */
import * as v from "valibot";

export const PROTOCOL_VERSION = 2;
export const CLOSE_UNAUTHORIZED = 4401;
/** A standalone relay says so when the debugger is not there: nobody is to be waited for, but dialling again is right. */
export const CLOSE_NOBODY = 4404;
/** Of one frame, in bytes, inflated. */
export const MAX_FRAME_BYTES = 64 * 1024 * 1024;
export const COMPRESS_ABOVE_BYTES = 4096;
/** A pause ends this long before the platform's limit, or at four fifths of a short limit. */
export const DEADLINE_MARGIN_MS = 2000;
export const DEADLINE_MARGIN_SHARE = 0.2;

/** In the function's environment: `ws://127.0.0.1:PORT/SESSION#SECRET`. Removed from `process.env` at once. */
export const DEBUG_ENVIRONMENT = "FAASIFY_DEBUG";
/** In the function's environment: the handler that the shim wraps, `index.handler`. */
export const HANDLER_ENVIRONMENT = "FAASIFY_HANDLER";

/** A Chrome DevTools Protocol command, response or event, passed through unread. */
const cdpPayload = v.record(v.string(), v.unknown());

const invocation = v.object({
  requestId: v.string(),
  /** Milliseconds the platform leaves until it kills the invocation. */
  remainingMs: v.number(),
});

const helloProof = {
  type: v.literal("hello"),
  protocolVersion: v.number(),
  /** Identifies the sandbox: stays the same when its shim dials again. */
  instance: v.string(),
  nonce: v.string(),
  mac: v.string(),
};

const helloFacts = {
  functionName: v.string(),
  buildId: v.string(),
  /** `nodejs24.21.0` */
  runtime: v.string(),
  /** Where the function's code lies in the sandbox: `/var/task`. Script urls below it are the user's bundle. */
  taskRoot: v.string(),
  /** Counts V8 debugger sessions of this sandbox: unchanged after a redial means that breakpoints survived. */
  epoch: v.number(),
  /** True when the main thread is paused right now; the `Debugger.paused` event is then sent again. */
  paused: v.boolean(),
  /** The invocation in flight. */
  invocation: v.optional(invocation),
};

export const helloSchema = v.object({ ...helloProof, ...helloFacts });

/** Of a sealed session: what is said of the function is in `sealed`, the shim's first sealed frame in base64. */
const sealedHelloSchema = v.object({ ...helloProof, sealed: v.string() });

/** First-level properties fetched ahead at a pause: objectId → result of `Runtime.getProperties`. */
const prefetched = v.record(v.string(), cdpPayload);

/** At a pause: what V8 answers to a question of the last pause, asked ahead. */
const answerAhead = v.object({
  id: v.number(),
  method: v.string(),
  params: cdpPayload,
  answer: v.union([v.object({ result: cdpPayload }), v.object({ error: cdpPayload })]),
});

const fromShim = v.variant("type", [
  v.object({
    type: v.literal("cdp"),
    payload: cdpPayload,
    prefetched: v.optional(prefetched),
    answers: v.optional(v.array(answerAhead)),
  }),
  v.object({ type: v.literal("invocation-started"), ...invocation.entries }),
  v.object({
    type: v.literal("invocation-ended"),
    requestId: v.string(),
    durationMs: v.number(),
    /** The message of what the function threw. */
    error: v.optional(v.string()),
  }),
  /** Other code runs from the next invocation on, which waits for `ready`. */
  v.object({ type: v.literal("code-swapped"), buildId: v.string(), taskRoot: v.string() }),
  /** Once: the stop policy's condition threw, or took too long. Such invocations run free. */
  v.object({ type: v.literal("condition-failed"), message: v.string() }),
  /** Sent before the shim resumes a paused function by itself. */
  v.object({
    type: v.literal("auto-resumed"),
    reason: v.picklist(["deadline", "disconnected"]),
    /** At a deadline: the variables of the user's frames of the pause that ends here. */
    snapshot: v.optional(prefetched),
  }),
]);

const fromRelay = v.variant("type", [
  v.object({ type: v.literal("challenge"), protocolVersion: v.number(), nonce: v.string() }),
  v.object({ type: v.literal("welcome"), mac: v.string() }),
  /** Breakpoints are set: lets the held first invocation run. */
  v.object({ type: v.literal("ready") }),
  /** Answers ahead that nobody wanted, several pauses in a row. */
  v.object({ type: v.literal("unwanted"), ids: v.array(v.number()) }),
  /** How many more invocations may be stopped, of all sandboxes together. */
  v.object({ type: v.literal("stop-budget"), remaining: v.number() }),
  /** CDP commands, served in order. `id`s are the adapter's own. */
  v.object({ type: v.literal("cdp"), payloads: v.array(cdpPayload) }),
  /** The debugger leaves: disable, resume, close; later invocations run free. */
  v.object({ type: v.literal("detach") }),
]);

export type AnswerAhead = v.InferOutput<typeof answerAhead>;
export type HelloFacts = v.InferOutput<v.ObjectSchema<typeof helloFacts, undefined>>;
export type SealedHello = v.InferOutput<typeof sealedHelloSchema>;
export type Hello = v.InferOutput<typeof helloSchema>;
/** After the handshake, shim → adapter. */
export type ShimMessage = v.InferOutput<typeof fromShim>;
/** Relay or adapter → shim. */
export type RelayMessage = v.InferOutput<typeof fromRelay>;

export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

/** Reads one frame of JSON text. Never throws: a peer's nonsense is data, not an exception. */
export const parseHello = (text: string): Parsed<Hello> => parse(helloSchema, text);
export const parseSealedHello = (text: string): Parsed<SealedHello> => parse(sealedHelloSchema, text);
export const parseHelloFacts = (text: string): Parsed<HelloFacts> => parse(v.object(helloFacts), text);
export const parseShimMessage = (text: string): Parsed<ShimMessage> => parse(fromShim, text);
export const parseRelayMessage = (text: string): Parsed<RelayMessage> => parse(fromRelay, text);

function parse<T>(schema: v.GenericSchema<unknown, T>, text: string): Parsed<T> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { ok: false, problem: `not JSON: ${text.slice(0, 80)}` };
  }
  const result = v.safeParse(schema, json);
  return result.success ? { ok: true, value: result.output } : { ok: false, problem: v.summarize(result.issues) };
}
