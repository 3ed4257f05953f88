/** A debug session as a script drives it: one thread at a time, answers instead of events. */
import { DebugClient } from "@vscode/debugadapter-testsupport";
import type { DebugProtocol } from "@vscode/debugprotocol";
import type { InvocationResult } from "../../src/core/invocation.ts";
import { HOT_DEPLOY_REQUEST, INVOKE_REQUEST } from "../../src/protocol/launch-configuration.ts";

export interface Stop {
  readonly threadId: number;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly functionName: string;
  /** Of the innermost scope: name → value, as the adapter shows them. */
  readonly variables: ReadonlyMap<string, string>;
}

export interface Breakpoint {
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

export interface DapSession extends AsyncDisposable {
  /** Invokes and waits for the stop; `result` is there when the invocation has ended. */
  invokeAndStop(args: readonly unknown[]): Promise<{ readonly stop: Stop; readonly result: Promise<InvocationResult> }>;
  stepOver(stop: Stop): Promise<Stop>;
  resume(stop: Stop): Promise<void>;
  hotDeploy(): Promise<void>;
}

const limitMs = 60_000;

/** Connects, launches without arguments (the session waits for invocations) and sets one breakpoint. */
export async function debugFunction(port: number, fn: string, breakpoint: Breakpoint): Promise<DapSession> {
  const client = new DebugClient("node", "", "faasify");
  client.defaultTimeout = limitMs;
  await client.start(port);
  // Before the request: response and event may arrive in one piece, and an event without a listener is lost.
  const initialized = nextEvent(client, "initialized");
  await client.initializeRequest({
    adapterID: "faasify",
    clientID: "npm-start",
    linesStartAt1: true,
    columnsStartAt1: true,
  });
  const launch: DebugProtocol.LaunchRequestArguments & { readonly function: string } = { function: fn };
  const launched = client.launchRequest(launch);
  await Promise.race([initialized, launched]);
  await initialized;
  await client.setBreakpointsRequest({ source: { path: breakpoint.file }, breakpoints: [{ line: breakpoint.line }] });
  await client.configurationDoneRequest();
  await launched;

  const nextStop = async (): Promise<Stop> => describeStop(client, await nextEvent(client, "stopped"));
  return {
    async invokeAndStop(args) {
      const stopped = nextStop();
      const result = client.customRequest(INVOKE_REQUEST, { args }).then(({ body }) => body as InvocationResult);
      // A failing invocation must not wait for a stop that never comes.
      const stop = await Promise.race([
        stopped,
        result.then((early) => {
          throw new Error(`the invocation ended without a stop: ${JSON.stringify(early.error ?? early.result)}`);
        }),
      ]);
      return { stop, result };
    },
    async stepOver({ threadId }) {
      const stopped = nextStop();
      await client.nextRequest({ threadId });
      return stopped;
    },
    async resume({ threadId }) {
      await client.continueRequest({ threadId });
    },
    async hotDeploy() {
      await client.customRequest(HOT_DEPLOY_REQUEST, {});
    },
    async [Symbol.asyncDispose]() {
      // Sends the disconnect request, too.
      await client.stop();
    },
  };
}

/** DebugClient's own limit does not hold over a socket. */
async function nextEvent(client: DebugClient, name: string): Promise<DebugProtocol.Event> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no event ${name} within ${limitMs / 1000} s`)), limitMs);
  try {
    return await Promise.race([client.waitForEvent(name), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function describeStop(client: DebugClient, event: DebugProtocol.Event): Promise<Stop> {
  const { threadId = 0 } = (event as DebugProtocol.StoppedEvent).body;
  const [top] = (await client.stackTraceRequest({ threadId, startFrame: 0, levels: 1 })).body.stackFrames;
  if (top === undefined) throw new Error("stopped without a stack");
  const [scope] = (await client.scopesRequest({ frameId: top.id })).body.scopes;
  const variables =
    scope === undefined
      ? []
      : (await client.variablesRequest({ variablesReference: scope.variablesReference })).body.variables;
  return {
    threadId,
    file: top.source?.path ?? "",
    line: top.line,
    functionName: top.name,
    variables: new Map(variables.map(({ name, value }) => [name, value])),
  };
}
