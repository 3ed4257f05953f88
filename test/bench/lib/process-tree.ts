import { readdirSync, readFileSync } from "node:fs";

/** Linux counts CPU time in ticks of 10 ms (`getconf CLK_TCK` is 100 on every architecture Node runs on). */
const TICK_MS = 10;

interface ProcessTimes {
  readonly pid: number;
  readonly parent: number;
  /** Own and of children that have ended, in milliseconds. */
  readonly cpuMs: number;
}

/**
 * CPU time that a process and everything it started have used so far, in milliseconds; undefined where there is no
 * /proc. The difference of two calls is what happened between them.
 */
export function treeCpuMs(rootPid: number): number | undefined {
  if (process.platform !== "linux") return undefined;
  return treeOf(rootPid).reduce((sum, { cpuMs }) => sum + cpuMs, 0);
}

/**
 * Memory of a process and everything it started, in MB; what processes share is counted once (proportional set size).
 * Undefined where there is no /proc.
 */
export function treeMemoryMb(rootPid: number): number | undefined {
  if (process.platform !== "linux") return undefined;
  return treeOf(rootPid).reduce((sum, { pid }) => sum + memoryMb(pid), 0);
}

function memoryMb(pid: number): number {
  try {
    return (
      (Number(/^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? 0) * 1024) / 1e6
    );
  } catch {
    // Ended meanwhile.
    return 0;
  }
}

/** The process and its descendants. */
function treeOf(rootPid: number): readonly ProcessTimes[] {
  const all = readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? (read(Number(name)) ?? []) : []));
  const members = new Set([rootPid]);
  let size = 0;
  while (size !== members.size) {
    size = members.size;
    for (const { pid, parent } of all) if (members.has(parent)) members.add(pid);
  }
  return all.filter(({ pid }) => members.has(pid));
}

/** CPU time of one process in milliseconds, its threads included; undefined where there is no /proc, or no such process. */
export function processCpuMs(pid: number): number | undefined {
  return process.platform === "linux" ? read(pid)?.cpuMs : undefined;
}

function read(pid: number): ProcessTimes | undefined {
  let text;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    // Ended meanwhile.
    return undefined;
  }
  // The second field is the name in parentheses, which may contain anything.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const field = (number: number): number => Number(fields[number - 3]);
  return { pid, parent: field(4), cpuMs: (field(14) + field(15) + field(16) + field(17)) * TICK_MS };
}
