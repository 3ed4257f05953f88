/** The debug adapter's bundle: inline in the editor, or for any DAP client over stdio or TCP. */
import { createServer, type Socket } from "node:net";
import type { DebugSession } from "@vscode/debugadapter";
import { FaasifyError } from "../core/errors.ts";
import type { DebugTarget } from "./debug-target.ts";
import type { AdapterOptions, Configuration } from "./debuggee.ts";
import { connectToRelay } from "./relay/distant-relay.ts";
import { startRelay } from "./relay/relay.ts";
import type { Relay } from "./relay/sandbox-connection.ts";
import { type StandaloneRelay, type StandaloneRelayOptions, startStandaloneRelay } from "./relay/standalone-relay.ts";
import { FaasifyDebugSession } from "./session.ts";
import { endAllSuspended } from "./suspended.ts";

const DEFAULTS: AdapterOptions = { startRelay: relayFor, shimSilentAfterMs: 10_000, outlivesSession: true };

/** The editor's own, or the standalone one that the configuration names. */
function relayFor({ relay, relayKey, relayPort, tunnelUrl }: Configuration): Promise<Relay> {
  if (relay === undefined) {
    return startRelay({
      ...(relayPort !== undefined && { port: relayPort }),
      ...(tunnelUrl !== undefined && { tunnelUrl }),
    });
  }
  return connectToRelay({ url: relay, accessKey: relayKey ?? process.env["FAASIFY_RELAY_KEY"] ?? "" });
}

/** For `faasify relay`. */
export function serveRelay(options: StandaloneRelayOptions): Promise<StandaloneRelay> {
  return startStandaloneRelay(options);
}

/** For the editor, which hands messages over without a stream. Dispose it when the editor does. */
export function createDebugAdapter(target: DebugTarget, options: Partial<AdapterOptions> = {}): DebugSession {
  return new FaasifyDebugSession(target, { ...DEFAULTS, ...options }, () => undefined);
}

/** One session over standard input and output; resolves when it is over and the function is as it was found. */
export function serveStdio(target: DebugTarget, options: Partial<AdapterOptions> = {}): Promise<void> {
  return new Promise((resolve) => {
    const session = new FaasifyDebugSession(target, { ...DEFAULTS, outlivesSession: false, ...options }, resolve);
    session.start(process.stdin, process.stdout);
  });
}

export interface DapServer {
  readonly port: number;
  /** Ends all sessions. */
  close(): Promise<void>;
}

/**
 * A session per connection, on the loopback interface only.
 *
 * @param port - 0 picks a free one
 * @throws FaasifyError `port-taken`
 */
export async function serveTcp(
  target: DebugTarget,
  port: number,
  options: Partial<AdapterOptions> = {},
): Promise<DapServer> {
  const sessions = new Map<Socket, Promise<void>>();
  const server = createServer((socket) => {
    socket.setNoDelay(true);
    const { promise, resolve } = Promise.withResolvers<void>();
    const session = new FaasifyDebugSession(target, { ...DEFAULTS, ...options }, resolve);
    const over = promise.then(() => {
      sessions.delete(socket);
      socket.end();
    });
    sessions.set(socket, over);
    session.start(socket, socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => reject(cannotListen(port, cause)));
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address ? address.port : port,
    async close() {
      server.close();
      const ends = [...sessions.values()];
      for (const socket of sessions.keys()) socket.destroy();
      await Promise.all(ends);
      await endAllSuspended();
    },
  };
}

function cannotListen(port: number, cause: unknown): FaasifyError {
  return new FaasifyError("port-taken", `Port ${port} cannot be listened on`, {
    remedy: "Choose another port, or 0 for a free one",
    cause,
  });
}
