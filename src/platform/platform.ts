/** Puts the platform together in one data folder and answers on one port. */
import { mkdirSync } from "node:fs";
import { FaasifyError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import { version } from "../core/version.ts";
import type { Catalogue } from "./api/catalogue.ts";
import { serveCodeLink } from "./api/code-link.ts";
import { createInvokeHandler } from "./api/invoke.ts";
import { createRouter } from "./api/router.ts";
import { createUrlGateway } from "./api/url-gateway.ts";
import { systemClock } from "./clock.ts";
import { listen } from "./http/listen.ts";
import { createHttpServer } from "./http/server.ts";
import { createSignatureVerifier } from "./http/signature.ts";
import { createParts, type Parts, type PartsOptions } from "./parts.ts";
import type { Invoker } from "./runtime/invoker.ts";
import { createServices } from "./services/services.ts";
import { REGION } from "./state/function-record.ts";
import { hasOwnInfo, removeOwnInfo, writeInfo } from "./state/info-file.ts";
import { openOrRebuild } from "./state/recover.ts";
import type { StateStore } from "./state/state-store.ts";

export interface PlatformOptions extends PartsOptions {
  /** Undefined: the one used last if it is free, otherwise any. */
  readonly port: number | undefined;
}

export interface Platform {
  readonly endpoint: string;
  /** Waits for the invocations in flight, but not for ever; then ends everything and removes platform.json. */
  close(): Promise<void>;
  /** Resolves when somebody asked for the end over HTTP. */
  readonly shutdownRequested: Promise<void>;
}

/** How often metrics are saved, and how soon a platform ends whose folder was deleted. */
const UPKEEP_MS = 2_000;
const SHUTDOWN_GRACE_MS = 5_000;

/**
 * @throws StateLocked when a platform runs in the folder
 * @throws FaasifyError `port-taken`, `platform-state-corrupt`, `platform-state-not-writable`, `platform-version-mismatch`
 */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const { folder, log } = options;
  makeFolder(folder);
  const store = await openOrRebuild(folder, log);
  try {
    return await serve(options, store);
  } catch (error) {
    store.close();
    log.error(error instanceof Error ? error : String(error));
    throw explainStart(error, folder);
  }
}

function explainStart(error: unknown, folder: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  return ["EACCES", "EPERM", "EROFS", "ENOSPC", "ENOTDIR", "EEXIST"].includes(code ?? "")
    ? notWritable(folder, message, error)
    : error;
}

function notWritable(folder: string, reason: string, cause: unknown): FaasifyError {
  return new FaasifyError("platform-state-not-writable", `${folder} cannot be written (${reason})`, {
    remedy: "Make the folder writable, or name another one with --data or in FAASIFY_DATA",
    cause,
  });
}

async function serve(options: PlatformOptions, store: StateStore): Promise<Platform> {
  const { folder, log } = options;
  const parts = createParts(options, store);
  const { api, catalogue, invoker, queue, canaries, logs, stock, reaper } = parts;
  const { promise: shutdownRequested, resolve: shutdown } = Promise.withResolvers<void>();
  const verifier = createSignatureVerifier(store.credentials, REGION);
  const server = createHttpServer({
    verifier,
    urls: createUrlGateway({ catalogue, invoker, verifier, clock: systemClock }),
    clock: systemClock,
    invokeFast: createInvokeHandler(catalogue, invoker, queue),
    handle: createRouter(api, { ...api, ...options, invoker, logs, queue, canaries, shutdown }),
    handleService: createServices(parts),
    handleUnsigned: (url) => serveCodeLink(api, url),
    onBug: (error) => log.error(error instanceof Error ? error : String(error)),
  });
  const port = await listen(server, options.port, store.port);
  store.savePort(port);
  const endpoint = `http://127.0.0.1:${port}`;
  writeInfo(folder, { pid: process.pid, endpoint, region: REGION, ...store.credentials, version });
  prewarm(catalogue, stock.prepare);
  const timers = [
    setInterval(() => saveChangedMetrics(parts, log), UPKEEP_MS),
    setInterval(() => void (hasOwnInfo(folder) || shutdown()), UPKEEP_MS),
  ];
  return {
    endpoint,
    shutdownRequested,
    async close() {
      server.close();
      parts.schedules.close();
      queue.pause();
      await waitUntilIdle(invoker);
      removeOwnInfo(folder);
      for (const timer of timers) clearInterval(timer);
      queue.stop();
      invoker.close();
      reaper.close();
      canaries.close();
      saveChangedMetrics(parts, log);
      logs.flush();
      store.close();
      server.closeAllConnections();
    },
  };
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw notWritable(folder, (cause as Error).message, cause);
  }
}

/** What FaaSify's own deployer asks for unless it is told otherwise. */
const USUAL_MEMORY_MB = 256;

/** The memory sizes in use get a process each, so that the first invocation after a start is fast too. */
function prewarm(catalogue: Catalogue, prepare: (memoryMb: number) => void): void {
  const sizes = new Set(catalogue.all().map(({ latest }) => latest.memoryMb));
  for (const size of sizes.size === 0 ? [USUAL_MEMORY_MB] : [...sizes].slice(0, 2)) prepare(size);
}

/** What cannot be saved now, on a full disk, is tried again the next time. */
function saveChangedMetrics({ catalogue, invoker, store }: Parts, log: Log): void {
  for (const name of catalogue.names()) {
    const metrics = invoker.findMetrics(name);
    if (metrics?.dirty !== true) continue;
    try {
      store.saveMetrics(name, metrics.toRecord());
      for (const key of metrics.seriesKeys) {
        for (const minute of metrics.series(key).takeDirty()) store.minutes.save(name, key, minute.toRecord());
      }
      metrics.dirty = false;
    } catch (error) {
      log.warn("The metrics cannot be saved", error);
      return;
    }
  }
}

async function waitUntilIdle(invoker: Invoker): Promise<void> {
  const end = performance.now() + SHUTDOWN_GRACE_MS;
  while (invoker.running > 0 && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 10));
}
