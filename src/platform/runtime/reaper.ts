/**
 * Makes sure that no sandbox outlives the platform, not even a `kill -9` of it while a function spins.
 * A tiny shell reads pids (of process groups) from a pipe; the pipe's end is the platform's end. On Windows libuv puts
 * children into a job that dies with the parent.
 */
import { spawn } from "node:child_process";

export interface Reaper {
  readonly watch: (pid: number) => void;
  readonly forget: (pid: number) => void;
  /** Ends the reaper, and with it every sandbox that is still watched. */
  close(): void;
}

const SCRIPT = `trap '' INT TERM HUP
pids=" "
while read -r op pid; do
  case "$op" in
    +) pids="$pids$pid " ;;
    -) case "$pids" in *" $pid "*) pids="\${pids%%" $pid "*} \${pids#*" $pid "}" ;; esac ;;
  esac
done
for pid in $pids; do kill -9 -"$pid"; done`;

export function startReaper(): Reaper {
  if (process.platform === "win32") return { watch() {}, forget() {}, close() {} };
  const shell = spawn("/bin/sh", ["-c", SCRIPT], { stdio: ["pipe", "ignore", "ignore"], detached: true, env: {} });
  // Without a shell sandboxes still end themselves once their main thread reads the closed channel.
  shell.on("error", () => {});
  shell.stdin.on("error", () => {});
  shell.unref();
  return {
    watch: (pid) => void shell.stdin.write(`+ ${pid}\n`),
    forget: (pid) => void shell.stdin.write(`- ${pid}\n`),
    close: () => void shell.stdin.end(),
  };
}
