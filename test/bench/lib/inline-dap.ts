import { createRequire } from "node:module";
import path from "node:path";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { repository, StepError } from "../../../scripts/lib/run.ts";
import type { DebugTarget } from "../../../src/debug-adapter/debug-target.ts";
import type { AdapterOptions } from "../../../src/debug-adapter/debuggee.ts";
import type * as DebugAdapterModule from "../../../src/debug-adapter/main.ts";

/** dist/debug-adapter.cjs in this process, driven without a stream: as the editor's extension host does it. */
export interface InlineDap extends AsyncDisposable {
  request<T = unknown>(command: string, args?: unknown): Promise<T>;
  /** The next event of this name. */
  event<T = unknown>(name: string): Promise<T>;
}

const limitMs = 60_000;
const bundle = path.join(repository, "dist/debug-adapter.cjs");

/** Compiles the bundle: in the editor the first debug session does. */
export function loadDebugAdapter(): typeof DebugAdapterModule {
  return createRequire(bundle)(bundle) as typeof DebugAdapterModule;
}

export function startInlineDap(target: DebugTarget, options: Partial<AdapterOptions> = {}): InlineDap {
  const session = loadDebugAdapter().createDebugAdapter(target, options);
  const answers = new Map<number, PromiseWithResolvers<unknown>>();
  const events = new Map<string, PromiseWithResolvers<unknown>[]>();
  session.onDidSendMessage((message) => {
    const { type } = message as DebugProtocol.ProtocolMessage;
    if (type === "response") answer(message as DebugProtocol.Response);
    if (type === "event") raise(message as DebugProtocol.Event);
  });
  const answer = ({ request_seq, success, body, message, command }: DebugProtocol.Response): void => {
    const waiting = answers.get(request_seq);
    answers.delete(request_seq);
    if (success) waiting?.resolve(body);
    else waiting?.reject(new StepError(`${command} failed: ${message ?? ""} ${JSON.stringify(body)}`));
  };
  const raise = ({ event, body }: DebugProtocol.Event): void => {
    for (const waiting of events.get(event) ?? []) waiting.resolve(body);
    events.delete(event);
  };
  let seq = 0;
  return {
    request: <T>(command: string, args: unknown = {}) => {
      seq += 1;
      const waiting = Promise.withResolvers<unknown>();
      answers.set(seq, waiting);
      session.handleMessage({ seq, type: "request", command, arguments: args } as DebugProtocol.Request);
      return inTime(waiting, command) as Promise<T>;
    },
    event: <T>(name: string) => {
      const waiting = Promise.withResolvers<unknown>();
      events.set(name, [...(events.get(name) ?? []), waiting]);
      return inTime(waiting, name) as Promise<T>;
    },
    [Symbol.asyncDispose]: async () => session.dispose(),
  };
}

async function inTime({ promise, reject }: PromiseWithResolvers<unknown>, what: string): Promise<unknown> {
  const timer = setTimeout(() => reject(new StepError(`DAP: ${what} did not come within a minute`)), limitMs);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}
