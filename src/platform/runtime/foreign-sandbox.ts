/** A sandbox with a runtime that is not ours: `bootstrap` of the function itself, or the runtime client of its language. */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { decodeInvoke, HEADER_BYTES, INIT_FAILED, type Assignment } from "../frames.ts";
import { RuntimeApi } from "./runtime-api.ts";
import { killGroup, whenEnded, type Sandbox } from "./sandbox.ts";

export interface ForeignSandboxOptions {
  readonly runtime: string;
  /** Absolute path of what is `/opt` on Lambda. */
  readonly layersRoot: string | undefined;
  readonly onStarted: (pid: number) => void;
  readonly onGone: (pid: number) => void;
}

/** Runtimes that the platform runs by the Runtime API. */
export const isForeign = (runtime: string): boolean => !runtime.startsWith("nodejs");

interface Command {
  readonly file: string;
  readonly parameters: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** The process starts with its assignment: nothing of it can be had before. */
export function startForeignSandbox(options: ForeignSandboxOptions): Sandbox {
  let child: ChildProcess | undefined;
  let api: RuntimeApi | undefined;
  let killed = false;

  const fail = (errorType: string, errorMessage: string): void => {
    sandbox.listener?.onFrame(INIT_FAILED, Buffer.from(JSON.stringify({ errorType, errorMessage })));
  };

  const start = async (assignment: Assignment): Promise<void> => {
    const command = commandOf(options, assignment);
    if (typeof command === "string") return fail("Runtime.InvalidEntrypoint", command);
    const server = new RuntimeApi(assignment.invokedFunctionArn, (type, body) => sandbox.listener?.onFrame(type, body));
    api = server;
    const address = await server.listen();
    if (killed) return server.close();
    child = spawn(command.file, command.parameters, {
      cwd: assignment.taskRoot,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...assignment.environment, ...command.environment, AWS_LAMBDA_RUNTIME_API: address },
      windowsHide: true,
      detached: process.platform !== "win32",
    });
    follow(child, sandbox, () => {
      server.close();
      options.onGone(child?.pid ?? 0);
    });
    if (child.pid !== undefined) options.onStarted(child.pid);
  };

  const sandbox: Sandbox = {
    get pid() {
      return child?.pid ?? 0;
    },
    listener: undefined,
    assign: (assignment) => {
      // One turn later: whoever assigns is not ready for an answer yet.
      setImmediate(() => {
        start(assignment).catch((error: unknown) => fail("Runtime.StartError", String(error)));
      });
    },
    send: (frame) => api?.invoke(decodeInvoke(frame.subarray(HEADER_BYTES))),
    kill: () => {
      killed = true;
      if (child) killGroup(child);
      else api?.close();
    },
    // Its results come by HTTP, which has a flow of its own.
    pause() {},
    resume() {},
  };
  return sandbox;
}

function follow(child: ChildProcess, sandbox: Sandbox, onGone: () => void): void {
  child.once("exit", () => {
    killGroup(child);
    onGone();
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue;
    const lines = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
    lines.on("line", (line) => sandbox.listener?.onOutput(`${line}\n`));
  }
  child.on("error", ({ message }) => {
    if (child.pid === undefined) sandbox.listener?.onExit({ code: null, signal: null, problem: message });
  });
  whenEnded(child, (code, signal) => sandbox.listener?.onExit({ code, signal }));
}

/** A text says why there is none. */
function commandOf({ runtime, layersRoot }: ForeignSandboxOptions, assignment: Assignment): Command | string {
  const { taskRoot, handler, environment } = assignment;
  if (runtime.startsWith("python")) {
    const paths = [taskRoot, environment["PYTHONPATH"]].filter((each) => each !== undefined && each !== "");
    return {
      file: findPython(runtime, environment["PATH"] ?? ""),
      parameters: ["-m", "awslambdaric", handler],
      environment: { PYTHONPATH: paths.join(path.delimiter), PYTHONUNBUFFERED: "1" },
    };
  }
  const places = [taskRoot, ...(layersRoot === undefined ? [] : [layersRoot])].map((each) =>
    path.join(each, "bootstrap"),
  );
  const file = places.find((place) => existsSync(place));
  if (file === undefined) return `Couldn't find valid bootstrap(s): [${places.join(" ")}]`;
  return { file, parameters: [], environment: {} };
}

/** The interpreter of the very version, if there is one. */
function findPython(runtime: string, searchPath: string): string {
  const folders = searchPath.split(path.delimiter);
  const exact = folders.map((folder) => path.join(folder, runtime)).find((file) => existsSync(file));
  return exact ?? "python3";
}
