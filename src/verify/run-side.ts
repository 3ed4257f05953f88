import { fork } from "node:child_process";
import path from "node:path";
import { FaasifyError } from "../core/errors.ts";
import type { Observation, SideMessage, SideRequest } from "./observation.ts";

export interface SideOptions {
  /** Absolute path of dist/verify-child.cjs. */
  readonly childBundle: string;
  /** The Node that runs both sides. */
  readonly node: string;
  /** Where relative paths of the program start. */
  readonly cwd: string;
  /** Without an answer for so long, a side counts as hanging. */
  readonly patienceMs: number;
  readonly environment: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/**
 * Calls a function with all cases in a process of its own.
 *
 * @param label - for people: `the original`
 * @throws FaasifyError `not-verifiable` when the function cannot be had, hangs, or ends its process
 */
export function runSide(label: string, request: SideRequest, options: SideOptions): Promise<readonly Observation[]> {
  const { childBundle, node, cwd, patienceMs, environment, signal } = options;
  const child = fork(childBundle, [], {
    cwd,
    env: environment,
    execPath: node,
    execArgv: [],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    // Numbers that JSON has not, and long strings without escapes.
    serialization: "advanced",
  });
  let complaints = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    complaints = (complaints + text).slice(-2000);
  });
  const observations: Observation[] = [];
  let timer: NodeJS.Timeout | undefined;
  return new Promise<readonly Observation[]>((resolve, reject) => {
    const fail = (what: string): void =>
      reject(notVerifiable(`${label} of ${path.basename(request.file)}#${request.name} ${what}`));
    const wait = (): void => {
      clearTimeout(timer);
      timer = setTimeout(
        () => fail(`did not end within ${patienceMs / 1000} s in case ${observations.length + 1}`),
        patienceMs,
      );
    };
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    if (signal.aborted) reject(signal.reason as Error);
    child.on("message", (message) => {
      wait();
      const told = message as SideMessage;
      if (told.kind === "observed") observations.push(told.observation);
      else if (told.kind === "done") resolve(observations);
      else fail(`could not be called: ${told.problem}`);
    });
    child.on("error", (error) => fail(`could not be started: ${error.message}`));
    child.on("exit", (code, ended) => {
      const how = ended ?? `status ${code ?? "?"}`;
      const last = complaints.trim() === "" ? "" : `: ${complaints.trim()}`;
      fail(`ended its process (${how}) in case ${observations.length + 1}${last}`);
    });
    wait();
    child.send(request);
  }).finally(() => {
    clearTimeout(timer);
    child.kill("SIGKILL");
  });
}

function notVerifiable(what: string): FaasifyError {
  return new FaasifyError("not-verifiable", what.replaceAll(/\s+/g, " "), {
    remedy: "Verify a function that can be called from outside with values that can be made, or give --args",
  });
}
