import { readFileSync } from "node:fs";
import type { Protocol } from "devtools-protocol";
import { unzipSync } from "fflate";
import { StepError } from "../../../scripts/lib/run.ts";
import type { RelaySession, SandboxConnection } from "../../../src/debug-adapter/relay/sandbox-connection.ts";

/** Speaks CDP over the same relay and shim as the debug adapter does, but takes nothing that comes along with a stop. */
export interface NaiveDebugging {
  send<T>(method: string, params?: object): Promise<T>;
  /** The next pause. Ask before what causes it. */
  paused(): Promise<Protocol.Debugger.PausedEvent>;
}

/** Resolves when the first sandbox of the session is paused at the first occurrence of `mark` in the deployed bundle. */
export async function stopNaively(
  session: RelaySession,
  { zipPath, mark, invoke }: { readonly zipPath: string; readonly mark: string; readonly invoke: () => void },
): Promise<NaiveDebugging> {
  const sandbox = new Promise<SandboxConnection>((resolve) => session.onSandbox(resolve));
  invoke();
  const connection = await sandbox;
  const client = clientOf(connection);
  const paused = client.paused();
  const { breakpointId } = (
    await Promise.all([
      client.send<object>("Runtime.enable"),
      client.send<object>("Debugger.enable"),
      client.send<Protocol.Debugger.SetBreakpointByUrlResponse>("Debugger.setBreakpointByUrl", {
        urlRegex: String.raw`/index\.mjs$`,
        ...positionOf(zipPath, mark),
      }),
    ])
  )[2];
  connection.send({ type: "ready" });
  await paused;
  await client.send("Debugger.removeBreakpoint", { breakpointId });
  return client;
}

function positionOf(zipPath: string, mark: string): { readonly lineNumber: number; readonly columnNumber: number } {
  const text = Buffer.from(unzipSync(readFileSync(zipPath))["index.mjs"] ?? []).toString();
  const index = text.indexOf(mark);
  if (index < 0) throw new StepError(`the bundle has no ${mark}`);
  const before = text.slice(0, index).split("\n");
  return { lineNumber: before.length - 1, columnNumber: before.at(-1)?.length ?? 0 };
}

function clientOf(connection: SandboxConnection): NaiveDebugging {
  const answers = new Map<unknown, PromiseWithResolvers<unknown>>();
  let pause = Promise.withResolvers<Protocol.Debugger.PausedEvent>();
  let lastId = 0;
  connection.onMessage((message) => {
    if (message.type !== "cdp") return;
    const { id, method, params, result, error } = message.payload;
    if (method === "Debugger.paused") {
      pause.resolve(params as Protocol.Debugger.PausedEvent);
      pause = Promise.withResolvers();
    }
    if (error) answers.get(id)?.reject(new StepError(JSON.stringify(error)));
    else answers.get(id)?.resolve(result);
    answers.delete(id);
  });
  return {
    send: <T>(method: string, params: object = {}) => {
      const id = ++lastId;
      const waiting = Promise.withResolvers<unknown>();
      answers.set(id, waiting);
      connection.send({ type: "cdp", payloads: [{ id, method, params }] });
      return waiting.promise as Promise<T>;
    },
    paused: () => pause.promise,
  };
}
