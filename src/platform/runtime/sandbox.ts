/** One sandbox process, seen from the platform: starts it, speaks frames with it, says how it ended. */
import { spawn, type ChildProcess } from "node:child_process";
import type { Duplex } from "node:stream";
import { ASSIGN, encodeText, FrameDecoder, LOG, type Assignment } from "../frames.ts";

export interface SandboxExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why it never started. */
  readonly problem?: string;
}

export interface SandboxListener {
  /** Every frame but output. The body may be kept. */
  onFrame(type: number, body: Buffer): void;
  /** Output of the function, in order with its frames. */
  onOutput(text: string): void;
  /** Once, after everything else. */
  onExit(exit: SandboxExit): void;
}

export interface SandboxCommand {
  /** Absolute path of sandbox.cjs. */
  readonly script: string;
  readonly memoryMb: number;
  /** What the process must have from its start on, such as NODE_OPTIONS. */
  readonly environment: Readonly<Record<string, string>>;
  /** When the process has ended, whoever listens. */
  readonly onGone: (pid: number) => void;
}

export interface Sandbox {
  readonly pid: number;
  /** Whoever uses the sandbox now. */
  listener: SandboxListener | undefined;
  assign(assignment: Assignment): void;
  send(frame: Buffer): void;
  kill(): void;
  /** Reads nothing from it: soon it will wait with what it has to say. */
  pause(): void;
  resume(): void;
}

/** How long a process that has ended may leave its output open (a child of its own holds it). */
const OUTPUT_GRACE_MS = 300;

export function startSandbox({ script, memoryMb, environment, onGone }: SandboxCommand): Sandbox {
  const child = spawn(process.execPath, [...heapFlags(memoryMb), script], {
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    env: {
      PATH: process.env["PATH"] ?? "",
      ...(process.platform === "win32" ? { SystemRoot: process.env["SystemRoot"] ?? "" } : {}),
      ...environment,
      ...(process.versions["electron"] === undefined ? {} : { ELECTRON_RUN_AS_NODE: "1" }),
    },
    windowsHide: true,
    // A process group of its own: what the function starts ends with it, and what it signals is not the platform.
    detached: process.platform !== "win32",
  });
  const channel = (child.stdio as ChildProcess["stdio"] | undefined)?.[3] as Duplex | undefined;
  const sandbox: Sandbox = {
    pid: child.pid ?? 0,
    listener: undefined,
    assign: (assignment) => void channel?.write(encodeText(ASSIGN, JSON.stringify(assignment))),
    send: (frame) => void channel?.write(frame),
    kill: () => killGroup(child),
    pause: () => void channel?.pause(),
    resume: () => void channel?.resume(),
  };
  child.once("exit", () => {
    killGroup(child);
    onGone(sandbox.pid);
  });
  // Without free file descriptors there are no pipes either: the process tells why it did not start, and that is all.
  if (channel) connect(child, channel, sandbox);
  child.on("error", ({ message }) => {
    if (child.pid === undefined) sandbox.listener?.onExit({ code: null, signal: null, problem: message });
  });
  return sandbox;
}

/** The process, and whatever it has started and left running. */
export function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  if (process.platform === "win32") {
    child.kill("SIGKILL");
    return;
  }
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // Nothing is left of it.
  }
}

function connect(child: ChildProcess, channel: Duplex, sandbox: Sandbox): void {
  const decoder = new FrameDecoder((type, body) => {
    if (type === LOG) sandbox.listener?.onOutput(body.toString());
    else sandbox.listener?.onFrame(type, body);
  });
  channel.on("data", (chunk: Buffer) => {
    try {
      decoder.push(chunk);
    } catch {
      // The function wrote nonsense into its own channel.
      sandbox.kill();
    }
  });
  // Writing to a process that has just ended: its exit tells the rest.
  channel.on("error", () => {});
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => sandbox.listener?.onOutput(text));
  }
  whenEnded(child, (code, signal) => sandbox.listener?.onExit({ code, signal }));
}

/** Calls back once, when the process has ended and all that it wrote was read; never for one that did not start. */
export function whenEnded(
  child: ChildProcess,
  onEnd: (code: number | null, signal: NodeJS.Signals | null) => void,
): void {
  let exited = false;
  const exit = (code: number | null, signal: NodeJS.Signals | null): void => {
    if (exited) return;
    exited = true;
    onEnd(code, signal);
  };
  child.on("error", () => (exited ||= child.pid === undefined));
  child.on("close", exit);
  child.on("exit", (code, signal) => setTimeout(exit, OUTPUT_GRACE_MS, code, signal));
}

/** As Lambda's bootstrap divides the memory: 90 % for the old generation, 5 % per half of the young one. */
function heapFlags(memoryMb: number): string[] {
  return [
    `--max-old-space-size=${Math.floor(memoryMb * 0.9)}`,
    `--max-semi-space-size=${Math.max(1, Math.floor(memoryMb * 0.05))}`,
  ];
}
