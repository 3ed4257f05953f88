// oxlint-disable unicorn/require-post-message-target-origin -- these ports are no windows
/** The worker's part of live calls: invokes the function with a channel, and hands on what the two ends say. */
import { FaasifyError, serializeError } from "../core/errors.ts";
import { CallerEndpoint } from "./caller-endpoint.ts";
import type { InvokeUnit } from "./deploy-unit.ts";
import { isUnreached } from "./fallback.ts";
import type { LineEnd, LineNote, LineOrder, LiveRequest } from "./messages.ts";

export interface LiveServer {
  serve(request: LiveRequest): Promise<void>;
  /** The sandbox of a live call that has just ended can be had again soon: better than to start another one. */
  whenFree(key: string): Promise<void>;
}

export interface LiveServerOptions {
  readonly invoke: InvokeUnit;
  /** Wakes the program's thread. */
  readonly wake: () => void;
}

/** An invocation whose channel is lost is answered by the platform, which sees its process end. */
const ENDING_MS = 5000;

export function createLiveServer({ invoke, wake }: LiveServerOptions): LiveServer {
  const endpoint = new CallerEndpoint();
  const ending = new Map<string, Promise<void>>();
  const whenFree = async (key: string): Promise<void> => ending.get(key);
  const converse = async ({ key, call, line }: LiveRequest, tell: (note: LineNote) => void): Promise<void> => {
    await whenFree(key);
    using silence = limitOfSilence(key);
    const own = await endpoint.open({ onText: tell, onClose: silence.begin });
    try {
      const ended = Promise.race([silence.over, invoke(key, { ...call, channel: own.channel })]);
      line.on("message", (order: LineOrder) => {
        own.send(typeof order === "string" ? order : order.end);
        if (typeof order !== "string") noteEnding(ending, key, ended);
      });
      await ended;
      // What the function has said at last may still be on its way.
      silence.begin();
      await Promise.race([silence.over, own.silence()]);
    } finally {
      own.close();
    }
  };
  return {
    whenFree,
    serve: async (request) => {
      const tell = (note: LineNote): void => {
        request.line.postMessage(note);
        wake();
      };
      tell(await converse(request, tell).then(() => ({ ended: undefined }), endBy));
      request.line.close();
    },
  };
}

function endBy(error: unknown): LineEnd {
  return { ended: serializeError(error), ...(isUnreached(error) && { unreached: true }) };
}

/** Begins when a function hangs up; what its invocation answers comes soon behind, or never. */
function limitOfSilence(key: string): Disposable & { readonly over: Promise<never>; readonly begin: () => void } {
  let timer: NodeJS.Timeout | undefined;
  let fail: ((error: FaasifyError) => void) | undefined;
  const over = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  over.catch(() => undefined);
  return {
    over,
    begin: () => {
      timer ??= setTimeout(() => fail?.(lost(key)), ENDING_MS);
    },
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}

function noteEnding(ending: Map<string, Promise<void>>, key: string, ended: Promise<unknown>): void {
  const settled = ended.then(
    () => undefined,
    () => undefined,
  );
  const limited = Promise.race([settled, new Promise<void>((resolve) => setTimeout(resolve, ENDING_MS).unref())]);
  ending.set(key, limited);
  void limited.then(() => {
    if (ending.get(key) === limited) ending.delete(key);
  });
}

function lost(key: string): FaasifyError {
  return new FaasifyError("invocation-failed", `${key} hung up, and the platform does not say why`, {
    remedy: "Look into its log: faasify logs; the function may have run",
  });
}
