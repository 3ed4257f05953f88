/** Sends invocations to sandboxes: pools per version, the limit on concurrency, expiry, memory limits. */
import { randomUUID } from "node:crypto";
import { mkdirSync, rm, rmSync } from "node:fs";
import path from "node:path";
import type { LogBook } from "../observe/log-book.ts";
import { FunctionMetrics } from "../observe/metrics.ts";
import { folderBytes } from "../state/folder-bytes.ts";
import type { CodeStore } from "../state/code-store.ts";
import { LATEST, type VersionRecord } from "../state/function-record.ts";
import { createAssignment, type SandboxPlace } from "./assignment.ts";
import { isForeign } from "./foreign-sandbox.ts";
import { CodeGone, type Invocation } from "./invocation.ts";
import { LiveSandbox, type Measured, type SandboxOwner } from "./live-sandbox.ts";
import { ownMemoryMb, residentMemoryMb } from "./memory.ts";
import type { SandboxStock } from "./sandbox-stock.ts";
import { VersionPool } from "./version-pool.ts";

export interface InvokerOptions {
  readonly stock: SandboxStock;
  readonly logs: LogBook;
  readonly code: Pick<CodeStore, "has" | "taskRoot" | "layersRoot">;
  /** Each sandbox gets a folder of its own below it. */
  readonly temporaryFolder: string;
  /** A sandbox that is free for longer ends. */
  readonly idleMs: number;
  /** How many invocations may run at once, and how many sandboxes may live. */
  readonly maxConcurrency: number;
  /** Stop a sandbox's processes between invocations. */
  readonly freeze: boolean;
}

interface FunctionState {
  readonly metrics: FunctionMetrics;
  /** Invocations that run or wait. */
  running: number;
  /** Undefined: it shares what the account has left. */
  reserved: number | undefined;
  readonly pools: Map<string, VersionState>;
}

interface VersionState {
  /** What new sandboxes of the pool are made of. */
  version: VersionRecord;
  readonly pool: VersionPool;
}

/** Why an invocation is refused, as Lambda calls it. */
export type ThrottleReason = "ConcurrentInvocationLimitExceeded" | "ReservedFunctionConcurrentInvocationLimitExceeded";

const MEMORY_CHECK_MS = 100;
/** Where reading the memory of a process means to start another one. */
const SLOW_MEMORY_CHECK_MS = 1_000;
const TEMPORARY_CHECK_MS = 500;
/** Below this no sandbox is started beside another one of its function: the machine would only swap. */
const MIN_AVAILABLE_BYTES = 512 * 1024 * 1024;

/** Variables that a process only heeds when it starts. */
const STARTUP_VARIABLE = /^(?:NODE_|LD_|DYLD_|UV_|OPENSSL_|SSL_CERT_)/;
export class Invoker {
  readonly #options: InvokerOptions;
  readonly #functions = new Map<string, FunctionState>();
  /** With the temporary folder of each. */
  readonly #sandboxes = new Map<LiveSandbox, string>();
  #running = 0;
  /** Of functions without a reservation. */
  #unreservedRunning = 0;
  /** Of all functions together. */
  #reserved = 0;
  /** An invocation has ended. */
  onRoom: () => void = () => {};
  /** The same invocation; `version` if it is a published one. */
  onMeasured: (name: string, version: string | undefined, measured: Measured) => void = () => {};
  readonly #expiry: NodeJS.Timeout;
  /** Only while something runs: an idle platform costs nothing. */
  #memoryWatch: NodeJS.Timeout | undefined;
  #temporaryWatch: NodeJS.Timeout | undefined;

  constructor(options: InvokerOptions) {
    this.#options = options;
    rmSync(options.temporaryFolder, { recursive: true, force: true });
    this.#expiry = setInterval(() => this.#expire(), Math.max(20, Math.min(options.idleMs / 4, 10_000)));
  }

  get sandboxes(): number {
    return this.#sandboxes.size;
  }

  /** Of all sandboxes together, in MiB; 0 where it cannot be told without starting a process. */
  memoryMb(): number {
    return [...this.#sandboxes.keys()].reduce((sum, { pid }) => sum + (ownMemoryMb(pid) ?? 0), 0);
  }

  /** Invocations that run or wait. */
  get running(): number {
    return this.#running;
  }

  metrics(name: string): FunctionMetrics {
    return this.#state(name).metrics;
  }

  findMetrics(name: string): FunctionMetrics | undefined {
    return this.#functions.get(name)?.metrics;
  }

  restoreMetrics(name: string, metrics: FunctionMetrics): void {
    this.#functions.set(name, newState(metrics));
  }

  /** How many of its invocations may run at once; undefined: as many as the account has left. */
  reserve(name: string, concurrency: number | undefined): void {
    const state = this.#state(name);
    if (state.reserved === undefined) this.#unreservedRunning -= state.running;
    this.#reserved += (concurrency ?? 0) - (state.reserved ?? 0);
    state.reserved = concurrency;
    if (concurrency === undefined) this.#unreservedRunning += state.running;
    this.onRoom();
  }

  reservedConcurrency(name: string): number | undefined {
    return this.#functions.get(name)?.reserved;
  }

  hasRoom(name: string): boolean {
    return this.#throttle(this.#state(name)) === undefined;
  }

  /** Gives a reason, and nothing happens, when too many invocations run already. */
  invoke(name: string, version: VersionRecord, invocation: Invocation): ThrottleReason | undefined {
    const state = this.#state(name);
    const reason = this.#throttle(state);
    if (reason !== undefined) {
      state.metrics.addThrottle();
      return reason;
    }
    this.#running += 1;
    state.running += 1;
    if (state.reserved === undefined) this.#unreservedRunning += 1;
    const memoryCheckMs = process.platform === "linux" ? MEMORY_CHECK_MS : SLOW_MEMORY_CHECK_MS;
    this.#memoryWatch ??= setInterval(() => this.#checkMemory(), memoryCheckMs);
    this.#temporaryWatch ??= setInterval(() => this.#checkTemporary(), TEMPORARY_CHECK_MS);
    this.#poolOf(state, name, version).invoke(invocation);
    return undefined;
  }

  #throttle({ reserved, running }: FunctionState): ThrottleReason | undefined {
    if (reserved !== undefined) {
      return running < reserved ? undefined : "ReservedFunctionConcurrentInvocationLimitExceeded";
    }
    const left = this.#options.maxConcurrency - this.#reserved;
    return this.#unreservedRunning < left ? undefined : "ConcurrentInvocationLimitExceeded";
  }

  /** The version has new code or configuration: what runs goes on, what comes next gets the new one. */
  refresh(name: string, version: VersionRecord): void {
    const state = this.#state(name);
    const outdated = state.pools.get(version.version);
    if (outdated && outdated.version.revisionId !== version.revisionId) {
      state.pools.delete(version.version);
      outdated.pool.retire();
    }
    if (!isForeign(version.runtime)) this.#options.stock.prepare(version.memoryMb);
  }

  /**
   * The version has new code: sandboxes whose handler can load it go on with it, in the same processes.
   *
   * @returns how many do
   */
  swap(name: string, version: VersionRecord): number {
    const known = this.#state(name).pools.get(version.version);
    if (!known || !differInCode(known.version, version)) return 0;
    known.version = version;
    return known.pool.swap({ taskRoot: this.#options.code.taskRoot(version.codeId), bytes: version.codeBytes });
  }

  remove(name: string): void {
    this.reserve(name, undefined);
    for (const { pool } of this.#functions.get(name)?.pools.values() ?? []) pool.retire();
    this.#functions.delete(name);
  }

  /** A published version is gone: what runs goes on. */
  removeVersion(name: string, version: string): void {
    const pools = this.#functions.get(name)?.pools;
    pools?.get(version)?.pool.retire();
    pools?.delete(version);
  }

  /** Ends every sandbox. */
  close(): void {
    clearInterval(this.#expiry);
    clearInterval(this.#memoryWatch);
    clearInterval(this.#temporaryWatch);
    for (const sandbox of this.#sandboxes.keys()) sandbox.kill();
    this.#options.stock.close();
  }

  #state(name: string): FunctionState {
    let state = this.#functions.get(name);
    if (!state) {
      state = newState(new FunctionMetrics());
      this.#functions.set(name, state);
    }
    return state;
  }

  #poolOf(state: FunctionState, name: string, version: VersionRecord): VersionPool {
    const known = state.pools.get(version.version);
    if (known && known.version.revisionId === version.revisionId) return known.pool;
    this.refresh(name, version);
    const published = version.version === LATEST ? undefined : version.version;
    const pool = new VersionPool({
      start: (owner, needed) => (needed || hasMemory() ? this.#start(name, made.version, owner) : undefined),
      log: (message, stream) => this.#options.logs.append(name, { timestampMs: Date.now(), message, stream }),
      measured: (measured) => {
        this.#running -= 1;
        state.running -= 1;
        if (state.reserved === undefined) this.#unreservedRunning -= 1;
        state.metrics.add(measured, published, state.running + 1);
        this.onMeasured(name, published, measured);
        this.onRoom();
      },
      onGone: (sandbox) => this.#forget(sandbox),
    });
    const made: VersionState = { version, pool };
    state.pools.set(version.version, made);
    return pool;
  }

  #start(name: string, version: VersionRecord, owner: SandboxOwner): LiveSandbox {
    const { code, stock } = this.#options;
    const codeIds = [version.codeId, ...version.layers.map(({ codeId }) => codeId)];
    if (!codeIds.every((codeId) => code.has(codeId))) throw new CodeGone();
    if (this.#sandboxes.size >= this.#options.maxConcurrency) this.#makeRoom();
    const id = randomUUID().replaceAll("-", "");
    const temporary = path.join(this.#options.temporaryFolder, id);
    mkdirSync(temporary, { recursive: true, mode: 0o700 });
    const layersRoot = version.layers.length > 0 ? code.layersRoot(codeIds.slice(1)) : undefined;
    const place: SandboxPlace = { id, temporary, layersRoot, taskRoot: code.taskRoot(version.codeId) };
    const assignment = createAssignment(name, version, place);
    const startup = Object.fromEntries(
      Object.entries(assignment.environment).filter(([variable]) => STARTUP_VARIABLE.test(variable)),
    );
    const sandbox = new LiveSandbox({
      sandbox: isForeign(version.runtime)
        ? stock.startForeign(version.runtime, layersRoot)
        : stock.take(version.memoryMb, startup),
      assignment,
      timeoutMs: version.timeoutSeconds * 1000,
      ephemeralMb: version.ephemeralMb,
      freeze: this.#options.freeze,
      owner,
    });
    this.#sandboxes.set(sandbox, temporary);
    return sandbox;
  }

  #forget(sandbox: LiveSandbox): void {
    const temporary = this.#sandboxes.get(sandbox);
    this.#sandboxes.delete(sandbox);
    // What the function left there is of no use to anybody; a folder that stays goes at the next start.
    if (temporary !== undefined) rm(temporary, { recursive: true, force: true }, () => {});
  }

  #pools(): VersionPool[] {
    return [...this.#functions.values()].flatMap(({ pools }) => [...pools.values()].map(({ pool }) => pool));
  }

  #expire(): void {
    const before = performance.now() - this.#options.idleMs;
    for (const pool of this.#pools()) pool.expire(before);
  }

  #makeRoom(): void {
    const oldest = this.#pools().toSorted((a, b) => a.oldestFreeSince - b.oldestFreeSince)[0];
    oldest?.endOldestFree();
  }

  #checkTemporary(): void {
    if (this.#running === 0) {
      clearInterval(this.#temporaryWatch);
      this.#temporaryWatch = undefined;
    }
    for (const [sandbox, temporary] of this.#sandboxes) {
      if (sandbox.working) void folderBytes(temporary).then((bytes) => sandbox.noteTemporary(bytes));
    }
  }

  #checkMemory(): void {
    if (this.#running === 0) {
      clearInterval(this.#memoryWatch);
      this.#memoryWatch = undefined;
      return;
    }
    const working = [...this.#sandboxes.keys()].filter(({ working }) => working);
    if (process.platform === "linux") {
      for (const sandbox of working) sandbox.noteMemory(ownMemoryMb(sandbox.pid) ?? 0);
      return;
    }
    residentMemoryMb(
      working.map(({ pid }) => pid),
      (memoryMb) => {
        for (const sandbox of working) sandbox.noteMemory(memoryMb.get(sandbox.pid) ?? 0);
      },
    );
  }
}

/** Only in that: its sandboxes were made with everything else. */
function differInCode(before: VersionRecord, after: VersionRecord): boolean {
  const rest = ({
    codeId: _i,
    codeSha256: _h,
    codeBytes: _b,
    revisionId: _r,
    lastModified: _m,
    ...all
  }: VersionRecord) => JSON.stringify(all);
  return before.codeId !== after.codeId && rest(before) === rest(after);
}

function hasMemory(): boolean {
  return process.availableMemory() >= MIN_AVAILABLE_BYTES;
}

function newState(metrics: FunctionMetrics): FunctionState {
  return { metrics, running: 0, reserved: undefined, pools: new Map() };
}
