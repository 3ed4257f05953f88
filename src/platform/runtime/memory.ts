/** How much memory a process uses of its own: resident without what it shares with files, in MiB. */
import { execFile } from "node:child_process";
import { closeSync, openSync, readSync } from "node:fs";

const PAGE_BYTES = 4096;
const MIB = 1024 * 1024;
const buffer = Buffer.alloc(128);

/** Linux only, where it costs some microseconds; undefined elsewhere, or when the process is gone. */
export function ownMemoryMb(pid: number): number | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    const file = openSync(`/proc/${pid}/statm`, "r");
    try {
      // size resident shared text lib data dt, in pages: proc(5)
      const [, resident = 0, shared = 0] = buffer
        .toString("latin1", 0, readSync(file, buffer, 0, buffer.length, 0))
        .split(" ")
        .map(Number);
      return ((resident - shared) * PAGE_BYTES) / MIB;
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}

/** Everywhere else: asks `ps`, for all processes at once. Windows has none: there V8's heap limit is the limit. */
export function residentMemoryMb(
  pids: readonly number[],
  onDone: (memoryMb: ReadonlyMap<number, number>) => void,
): void {
  if (process.platform === "win32" || pids.length === 0) {
    onDone(new Map());
    return;
  }
  execFile("ps", ["-o", "pid=,rss=", "-p", pids.join(",")], (_error, stdout) => {
    const rows = stdout
      .trim()
      .split("\n")
      .map((line) => line.trim().split(/\s+/).map(Number));
    onDone(new Map(rows.map(([pid = 0, kib = 0]) => [pid, kib / 1024])));
  });
}
