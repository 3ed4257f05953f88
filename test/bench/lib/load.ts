import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { StepError } from "../../../scripts/lib/run.ts";

const execute = promisify(execFile);

/** One request, sent again and again as it is: a signature in it stays valid for minutes. */
export interface LoadRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface LoadResult {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of answers, all with a status of 200. */
  readonly requests: number;
}

export interface LoadOptions {
  readonly connections: number;
  readonly seconds: number;
}

/** Sends a request as often as `connections` allow. */
export interface LoadGenerator {
  readonly name: string;
  /** @throws StepError when any answer was not a success, or none came */
  run(request: LoadRequest, options: LoadOptions): Promise<LoadResult>;
}

/** wrk where it is installed; otherwise autocannon from the peers, which takes more of the CPU itself. */
export async function findLoadGenerator(peersFolder: string): Promise<LoadGenerator> {
  // wrk prints its version and ends with status 1.
  const found = await execute("wrk", ["-v"]).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== "ENOENT",
  );
  if (found) return { name: "wrk", run: runWrk };
  const script = path.join(peersFolder, "node_modules/autocannon/autocannon.js");
  return { name: "autocannon", run: (request, options) => runAutocannon(script, request, options) };
}

interface WrkReport {
  readonly requests: number;
  readonly durationUs: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly errors: number;
}

async function runWrk(request: LoadRequest, { connections, seconds }: LoadOptions): Promise<LoadResult> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "faasify-wrk-"));
  try {
    const script = path.join(folder, "request.lua");
    writeFileSync(script, wrkScript(request));
    const args = ["-t1", `-c${connections}`, `-d${seconds}s`, "--timeout", "10s", "-s", script, request.url];
    const { stdout } = await execute("wrk", args).catch((error: unknown) => failed(request, String(error)));
    const report = JSON.parse(/^REPORT (.*)$/m.exec(stdout)?.[1] ?? "null") as WrkReport | null;
    if (!report || report.requests === 0 || report.errors > 0) return failed(request, stdout);
    return {
      requests: report.requests,
      requestsPerSecond: (report.requests / report.durationUs) * 1e6,
      p50Ms: report.p50Us / 1000,
      p99Ms: report.p99Us / 1000,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function failed({ url }: LoadRequest, why: string): never {
  throw new StepError(`The load on ${url} failed:\n${why}`);
}

function wrkScript({ headers, body }: LoadRequest): string {
  // A JSON string of printable ASCII is a Lua string too.
  const lua = (text: string): string => JSON.stringify(text);
  return [
    'wrk.method = "POST"',
    `wrk.body = ${lua(body)}`,
    ...Object.entries(headers).map(([name, value]) => `wrk.headers[${lua(name)}] = ${lua(value)}`),
    "done = function(summary, latency)",
    "  local e = summary.errors",
    "  local errors = e.connect + e.read + e.write + e.status + e.timeout",
    `  print(string.format('REPORT {"requests":%d,"durationUs":%d,"p50Us":%d,"p99Us":%d,"errors":%d}',`,
    "    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), errors))",
    "end",
    "",
  ].join("\n");
}

interface AutocannonReport {
  readonly requests: { readonly total: number; readonly average: number };
  readonly latency: { readonly p50: number; readonly p99: number };
  readonly non2xx: number;
  readonly errors: number;
}

async function runAutocannon(
  script: string,
  request: LoadRequest,
  { connections, seconds }: LoadOptions,
): Promise<LoadResult> {
  const { url, headers, body } = request;
  const args = ["--json", "--no-progress", "-m", "POST", "-c", `${connections}`, "-d", `${seconds}`, "-b", body];
  for (const [name, value] of Object.entries(headers)) args.push("-H", `${name}=${value}`);
  const { stdout } = await execute(process.execPath, [script, ...args, url]);
  const { requests, latency, non2xx, errors } = JSON.parse(stdout) as AutocannonReport;
  if (requests.total === 0 || non2xx > 0 || errors > 0) {
    return failed(request, `${non2xx} of ${requests.total} answers were failures, ${errors} did not come`);
  }
  return {
    requests: requests.total,
    requestsPerSecond: requests.average,
    p50Ms: latency.p50,
    p99Ms: latency.p99,
  };
}
