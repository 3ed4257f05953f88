/** The platform's parts, put together; nothing of them is reachable yet. */
import path from "node:path";
import type { Log } from "../core/log.ts";
import type { Api } from "./api/api.ts";
import { Catalogue } from "./api/catalogue.ts";
import { Canaries } from "./canaries/canaries.ts";
import { canaryRecordSchema } from "./canaries/canary-record.ts";
import { LayerShelf } from "./api/layer-shelf.ts";
import { steadyClock, systemClock } from "./clock.ts";
import { EventQueue } from "./events/event-queue.ts";
import { createEventRunner } from "./events/event-runner.ts";
import { Schedules, scheduleSchema } from "./events/schedules.ts";
import { createLogBook, type LogBook } from "./observe/log-book.ts";
import { FunctionMetrics } from "./observe/metrics.ts";
import { Invoker } from "./runtime/invoker.ts";
import { startReaper, type Reaper } from "./runtime/reaper.ts";
import { createSandboxStock, type SandboxStock } from "./runtime/sandbox-stock.ts";
import { createCodeStore, type CodeStore } from "./state/code-store.ts";
import { layerSchema } from "./state/layer-record.ts";
import type { StateStore } from "./state/state-store.ts";

export interface PartsOptions {
  /** Absolute path of the platform's folder. */
  readonly folder: string;
  readonly idleMs: number;
  readonly maxConcurrency: number;
  /** Before an event whose function failed is tried again; the second time twice as long. */
  readonly retryDelayMs: number;
  /** Stop a sandbox's processes between invocations. */
  readonly freeze: boolean;
  /** Absolute path of sandbox.cjs. */
  readonly sandboxScript: string;
  readonly log: Log;
}

export interface Parts {
  readonly api: Api;
  readonly store: StateStore;
  readonly catalogue: Catalogue;
  readonly invoker: Invoker;
  readonly queue: EventQueue;
  readonly schedules: Schedules;
  readonly canaries: Canaries;
  readonly logs: LogBook;
  readonly stock: SandboxStock;
  readonly reaper: Reaper;
}

export function createParts(options: PartsOptions, store: StateStore): Parts {
  const { folder, log, idleMs, maxConcurrency } = options;
  const code = createCodeStore(path.join(folder, "code"), path.join(folder, "layers"));
  const logs = createLogBook(path.join(folder, "logs"), log);
  const reaper = startReaper();
  const stock = createSandboxStock(options.sandboxScript, reaper);
  const temporaryFolder = path.join(folder, "tmp");
  const invoker = new Invoker({ stock, logs, code, temporaryFolder, idleMs, maxConcurrency, freeze: options.freeze });
  const layers = new LayerShelf(store.collection("layer", layerSchema));
  const onRemoved = (name: string): void => {
    queue.removeFunction(name);
    canaries.remove(name);
  };
  const catalogue = createCatalogue({ store, code, invoker, logs, layers, onRemoved });
  restoreInvoker(invoker, store, catalogue);
  const queueFolder = path.join(folder, "queues");
  const queue = createQueue(options, { store, catalogue, invoker, queueFolder });
  const schedules = new Schedules({
    collection: store.collection("schedule", scheduleSchema),
    queue,
    clock: systemClock,
    onProblem: (error) => log.warn("A scheduled event cannot be kept", error),
  });
  const canaries = new Canaries({
    collection: store.collection("canary", canaryRecordSchema),
    catalogue,
    clock: steadyClock,
    onProblem: (error) => log.warn("A canary cannot be kept", error),
  });
  invoker.onMeasured = (name, version, measured) => canaries.note(name, version, measured);
  const secret = store.credentials.secretAccessKey;
  const api: Api = { catalogue, layers, code, clock: systemClock, secret, maxConcurrency, queueFolder };
  return { api, store, catalogue, invoker, queue, schedules, canaries, logs, stock, reaper };
}

interface QueueParts {
  readonly store: StateStore;
  readonly catalogue: Catalogue;
  readonly invoker: Invoker;
  readonly queueFolder: string;
}

function createQueue({ log, retryDelayMs }: PartsOptions, parts: QueueParts): EventQueue {
  const { store, catalogue, invoker, queueFolder } = parts;
  const clock = steadyClock;
  const queue = new EventQueue({
    store: store.events,
    clock,
    onAccepted: ({ functionName }) => invoker.metrics(functionName).addEvent("eventsReceived"),
    runner: createEventRunner({ catalogue, invoker, clock, log, queueFolder, retryDelayMs }),
    onProblem: (error) => log.warn("The end of an event cannot be written", error),
  });
  invoker.onRoom = queue.onRoom;
  return queue;
}

interface CatalogueParts {
  readonly store: StateStore;
  readonly code: CodeStore;
  readonly invoker: Invoker;
  readonly logs: LogBook;
  readonly layers: LayerShelf;
  readonly onRemoved: (name: string) => void;
}

function createCatalogue({ store, code, invoker, logs, layers, onRemoved }: CatalogueParts): Catalogue {
  return new Catalogue({
    store,
    code,
    clock: systemClock,
    otherCode: () => layers.codeIds(),
    onChanged: (name, latest) => invoker.refresh(name, latest),
    onSwap: (name, latest) => invoker.swap(name, latest),
    onRemoved: (name) => {
      invoker.remove(name);
      logs.remove(name);
      onRemoved(name);
    },
    onReserved: (name, concurrency) => invoker.reserve(name, concurrency),
    onVersionRemoved: (name, version) => invoker.removeVersion(name, version),
  });
}

function restoreInvoker(invoker: Invoker, store: StateStore, catalogue: Catalogue): void {
  for (const [name, saved] of store.metrics()) invoker.restoreMetrics(name, new FunctionMetrics(saved));
  for (const [name, series, minutes] of store.minutes.all()) invoker.metrics(name).restoreSeries(series, minutes);
  for (const { name, reservedConcurrency } of catalogue.all()) {
    if (reservedConcurrency !== undefined) invoker.reserve(name, reservedConcurrency);
  }
}
