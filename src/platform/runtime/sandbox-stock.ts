/**
 * Processes that have started but have no function yet: a cold start then costs only loading the
 * function. One is kept for each of the memory sizes in use, because V8 fixes its heap at the start.
 */
import { startForeignSandbox } from "./foreign-sandbox.ts";
import type { Reaper } from "./reaper.ts";
import { startSandbox, type Sandbox } from "./sandbox.ts";

export interface SandboxStock {
  /** `environment`: variables that only count from a process's start on; such a process is never kept in stock. */
  take(memoryMb: number, environment: Readonly<Record<string, string>>): Sandbox;
  /** One of another runtime: see foreign-sandbox.ts. */
  startForeign(runtime: string, layersRoot: string | undefined): Sandbox;
  /** Has one ready for this size. */
  readonly prepare: (memoryMb: number) => void;
  close(): void;
}

const SIZES_KEPT = 3;
/** Behind the cold start that took the last one, so that both do not fight for the processor. */
const REFILL_DELAY_MS = 150;

export function createSandboxStock(script: string, reaper: Reaper): SandboxStock {
  /** Most recently used size last. */
  const ready = new Map<number, Sandbox | undefined>();
  const timers = new Set<NodeJS.Timeout>();
  let closed = false;

  const start = (memoryMb: number, environment: Readonly<Record<string, string>>): Sandbox => {
    const sandbox = startSandbox({ script, memoryMb, environment, onGone: reaper.forget });
    if (sandbox.pid !== 0) reaper.watch(sandbox.pid);
    return sandbox;
  };

  const prepare = (memoryMb: number): void => {
    if (closed) return;
    const kept = ready.get(memoryMb);
    ready.delete(memoryMb);
    ready.set(memoryMb, kept ?? stocked(memoryMb));
    for (const [size, sandbox] of ready) {
      if (ready.size <= SIZES_KEPT) break;
      ready.delete(size);
      sandbox?.kill();
    }
  };

  const stocked = (memoryMb: number): Sandbox => {
    const sandbox = start(memoryMb, {});
    sandbox.listener = {
      onFrame() {},
      onOutput() {},
      onExit: () => {
        if (ready.get(memoryMb) === sandbox) ready.set(memoryMb, undefined);
      },
    };
    return sandbox;
  };

  const refillLater = (memoryMb: number): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      prepare(memoryMb);
    }, REFILL_DELAY_MS);
    timers.add(timer);
  };

  return {
    take(memoryMb, environment) {
      if (Object.keys(environment).length > 0) return start(memoryMb, environment);
      const sandbox = ready.get(memoryMb);
      if (!ready.has(memoryMb) || sandbox) refillLater(memoryMb);
      if (!sandbox) return start(memoryMb, {});
      ready.set(memoryMb, undefined);
      return sandbox;
    },
    startForeign: (runtime, layersRoot) =>
      startForeignSandbox({ runtime, layersRoot, onStarted: reaper.watch, onGone: reaper.forget }),
    prepare,
    close() {
      closed = true;
      for (const timer of timers) clearTimeout(timer);
      for (const sandbox of ready.values()) sandbox?.kill();
      ready.clear();
    },
  };
}
