/** Puts the platform together in one data folder and answers on one port. */
import { mkdirSync } from "node:fs";
import path from "node:path";
import { FaasifyError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import { version } from "../core/version.ts";
import type { Api } from "./api/api.ts";
import { Catalogue } from "./api/catalogue.ts";
import { serveCodeLink } from "./api/code-link.ts";
import { createInvokeHandler } from "./api/invoke.ts";
import { createRouter } from "./api/router.ts";
import { systemClock } from "./clock.ts";
import { listen } from "./http/listen.ts";
import { createHttpServer } from "./http/server.ts";
import { createSignatureVerifier } from "./http/signature.ts";
import { createLogBook, type LogBook } from "./observe/log-book.ts";
import { FunctionMetrics } from "./observe/metrics.ts";
import { Invoker } from "./runtime/invoker.ts";
import { startReaper } from "./runtime/reaper.ts";
import { createSandboxStock } from "./runtime/sandbox-stock.ts";
import { createCodeStore, type CodeStore } from "./state/code-store.ts";
import { REGION } from "./state/function-record.ts";
import { hasOwnInfo, removeOwnInfo, writeInfo } from "./state/info-file.ts";
import { openStateStore, type StateStore } from "./state/state-store.ts";

export interface PlatformOptions {
  /** Absolute path; made if it is missing. */
  readonly folder: string;
  /** Undefined: the one used last if it is free, otherwise any. */
  readonly port: number | undefined;
  readonly idleMs: number;
  readonly maxConcurrency: number;
  /** Absolute path of sandbox.cjs. */
  readonly sandboxScript: string;
  readonly log: Log;
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
  const store = await openStateStore(folder);
  try {
    return await assemble(options, store);
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

async function assemble(options: PlatformOptions, store: StateStore): Promise<Platform> {
  const { folder, log, idleMs, maxConcurrency } = options;
  const code = createCodeStore(path.join(folder, "code"));
  const logs = createLogBook(path.join(folder, "logs"), log);
  const { promise: shutdownRequested, resolve: shutdown } = Promise.withResolvers<void>();
  const reaper = startReaper();
  const stock = createSandboxStock(options.sandboxScript, reaper);
  const invoker = new Invoker({
    stock,
    logs,
    code,
    temporaryFolder: path.join(folder, "tmp"),
    idleMs,
    maxConcurrency,
  });
  const catalogue = createCatalogue({ store, code, invoker, logs });
  for (const [name, saved] of store.metrics()) invoker.restoreMetrics(name, new FunctionMetrics(saved));
  const api: Api = { catalogue, code, clock: systemClock, secret: store.credentials.secretAccessKey };
  const server = createHttpServer({
    verifier: createSignatureVerifier(store.credentials, REGION),
    clock: systemClock,
    invokeFast: createInvokeHandler(catalogue, invoker),
    handle: createRouter(api, { ...api, invoker, logs, shutdown }),
    handleUnsigned: (url) => serveCodeLink(api, url),
    onBug: (error) => log.error(error instanceof Error ? error : String(error)),
  });
  const port = await listen(server, options.port, store.port);
  store.savePort(port);
  const endpoint = `http://127.0.0.1:${port}`;
  writeInfo(folder, { pid: process.pid, endpoint, region: REGION, ...store.credentials, version });
  prewarm(catalogue, stock.prepare);
  const saveMetrics = (): void => saveChangedMetrics({ catalogue, invoker, store, log });
  const timers = [
    setInterval(saveMetrics, UPKEEP_MS),
    setInterval(() => void (hasOwnInfo(folder) || shutdown()), UPKEEP_MS),
  ];
  return {
    endpoint,
    shutdownRequested,
    async close() {
      server.close();
      await waitUntilIdle(invoker);
      removeOwnInfo(folder);
      for (const timer of timers) clearInterval(timer);
      invoker.close();
      reaper.close();
      flush(logs, saveMetrics, store);
      server.closeAllConnections();
    },
  };
}

interface CatalogueParts {
  readonly store: StateStore;
  readonly code: CodeStore;
  readonly invoker: Invoker;
  readonly logs: LogBook;
}

function createCatalogue({ store, code, invoker, logs }: CatalogueParts): Catalogue {
  return new Catalogue({
    store,
    code,
    clock: systemClock,
    onChanged: (name, latest) => invoker.refresh(name, latest),
    onRemoved: (name) => {
      invoker.remove(name);
      logs.remove(name);
    },
    onVersionRemoved: (name, version) => invoker.removeVersion(name, version),
  });
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

interface MetricsSaving {
  readonly catalogue: Catalogue;
  readonly invoker: Invoker;
  readonly store: StateStore;
  readonly log: Log;
}

/** What cannot be saved now, on a full disk, is tried again the next time. */
function saveChangedMetrics({ catalogue, invoker, store, log }: MetricsSaving): void {
  for (const { name } of catalogue.all()) {
    const metrics = invoker.metrics(name);
    if (!metrics.dirty) continue;
    try {
      store.saveMetrics(name, metrics.toRecord());
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

function flush(logs: LogBook, saveMetrics: () => void, store: StateStore): void {
  saveMetrics();
  logs.flush();
  store.close();
}
