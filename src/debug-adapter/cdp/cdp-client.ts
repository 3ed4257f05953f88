/** The Chrome DevTools Protocol over a sandbox's connection: typed, with time limits, one frame per tick. */
import type { Protocol } from "devtools-protocol";
import type { ProtocolMapping } from "devtools-protocol/types/protocol-mapping.js";
import { FaasifyError } from "../../core/errors.ts";
import type { AnswerAhead } from "../../protocol/shim-messages.ts";
import { createAnswersAhead } from "./answers-ahead.ts";
import type {
  AbortRequest,
  AssignRequest,
  GetterRequest,
  PageFacts,
  PropertiesRequest,
  ShimSettings,
} from "../../protocol/shim-commands.ts";
import type { SandboxConnection } from "../relay/sandbox-connection.ts";

/** V8's commands, and those that the shim serves itself. */
interface Commands extends ProtocolMapping.Commands {
  "Faasify.configure": { paramsType: [ShimSettings]; returnType: object };
  "Faasify.getProperties": {
    paramsType: [PropertiesRequest];
    returnType: Protocol.Runtime.GetPropertiesResponse & PageFacts;
  };
  "Faasify.readGetter": { paramsType: [GetterRequest]; returnType: Protocol.Runtime.EvaluateResponse };
  "Faasify.assign": { paramsType: [AssignRequest]; returnType: Protocol.Runtime.EvaluateResponse };
  "Faasify.abort": { paramsType: [AbortRequest]; returnType: { readonly aborted: boolean } };
}
type Events = ProtocolMapping.Events;
type Prefetched = Readonly<Record<string, Protocol.Runtime.GetPropertiesResponse>>;

/** A request that V8 understood and refused: a bad expression, an object that is gone. */
export class CdpError extends Error {
  override readonly name = "CdpError";
}

export interface CdpClient {
  /**
   * Commands of one tick travel in one frame, in order.
   *
   * @throws CdpError when V8 refuses
   * @throws FaasifyError `debug-session-failed` when the sandbox is gone or silent for `timeoutMs`
   */
  send<M extends keyof Commands>(
    method: M,
    params?: Commands[M]["paramsType"][0],
    timeoutMs?: number,
  ): Promise<Commands[M]["returnType"]>;
  /** `prefetched` is there at `Debugger.paused` only: objectId → its own properties, fetched in the sandbox. */
  on<E extends keyof Events>(
    event: E,
    listener: (params: Events[E][0], prefetched: Prefetched | undefined) => void,
  ): void;
  /** Rejects everything in flight: after a reconnect its answers are lost. */
  abandon(reason: string): void;
}

interface Pending {
  readonly method: string;
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

type Listener = (params: never, prefetched: Prefetched | undefined) => void;

/** Longer than any command takes, short enough to tell a user that nothing will come. */
const DEFAULT_TIMEOUT_MS = 15_000;

export function createCdpClient(connection: SandboxConnection): CdpClient {
  const pending = new Map<number, Pending>();
  const listeners = new Map<string, Listener>();
  const queue: Record<string, unknown>[] = [];
  const ahead = createAnswersAhead((ids) => connection.send({ type: "unwanted", ids }));
  let lastId = 0;

  function flush(): void {
    connection.send({ type: "cdp", payloads: queue.splice(0) });
  }

  function abandon(reason: string): void {
    ahead.drop();
    const lost = [...pending.values()];
    pending.clear();
    for (const { method, reject, timer } of lost) {
      clearTimeout(timer);
      reject(sandboxLost(method, reason));
    }
  }

  connection.onGone(() => abandon("the sandbox is gone"));
  connection.onMessage((message) => {
    if (message.type !== "cdp") return;
    if (message.payload["method"] === "Debugger.paused") ahead.take(message.answers ?? []);
    dispatch(message.payload, message.prefetched as Prefetched | undefined);
  });

  function dispatch(payload: Readonly<Record<string, unknown>>, prefetched: Prefetched | undefined): void {
    if (typeof payload["id"] === "number") return settle(pending, payload["id"], payload);
    const listener = listeners.get(String(payload["method"]));
    listener?.((payload["params"] ?? {}) as never, prefetched);
  }

  return {
    abandon,
    on: (event, listener) => void listeners.set(event, listener),
    send(method, params, timeoutMs = DEFAULT_TIMEOUT_MS) {
      if (!connection.connected) return Promise.reject(sandboxLost(method, "its connection is down"));
      const known = ahead.find(method, params);
      if (known) return settled(method, known);
      const id = ++lastId;
      if (queue.length === 0) queueMicrotask(flush);
      queue.push(params === undefined ? { id, method } : { id, method, params });
      return new Promise((resolve, reject) => {
        const expire = () => settleSilent(pending, id, timeoutMs);
        const timer = setTimeout(expire, timeoutMs).unref();
        pending.set(id, { method, resolve, reject, timer });
      });
    },
  };
}

function settled(method: string, answer: AnswerAhead["answer"]): Promise<never> {
  if ("result" in answer) return Promise.resolve(answer.result as never);
  return Promise.reject(refusal(method, answer.error));
}

function refusal(method: string, error: { readonly message?: unknown }): CdpError {
  return new CdpError(typeof error.message === "string" ? error.message : `${method} failed`);
}

function settle(pending: Map<number, Pending>, id: number, payload: Readonly<Record<string, unknown>>): void {
  const request = pending.get(id);
  if (!request) return;
  pending.delete(id);
  clearTimeout(request.timer);
  const error = payload["error"] as { readonly message?: unknown } | undefined;
  if (error) request.reject(refusal(request.method, error));
  else request.resolve((payload["result"] ?? {}) as never);
}

function settleSilent(pending: Map<number, Pending>, id: number, timeoutMs: number): void {
  const request = pending.get(id);
  pending.delete(id);
  request?.reject(sandboxLost(request.method, `it did not answer within ${timeoutMs / 1000} s`));
}

function sandboxLost(method: string, reason: string): FaasifyError {
  return new FaasifyError("debug-session-failed", `The function's sandbox cannot serve ${method}: ${reason}`, {
    remedy: "Invoke the function again",
  });
}
