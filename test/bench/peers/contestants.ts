import path from "node:path";
import type { LoadRequest } from "../lib/load.ts";
import { freePort, startProcess } from "../lib/started-process.ts";
import type { Peers } from "./install.ts";

/** A running server with the trivial function in it. */
export interface Contestant extends AsyncDisposable {
  readonly name: string;
  /** The root of its process tree. */
  readonly pid: number;
  /** What invokes the function, signed now where it must be. */
  request(): Promise<LoadRequest>;
}

export const payload = JSON.stringify({ name: "Ada" });
const json = { "Content-Type": "application/json" };

/** serverless-offline's Lambda API, started by osls, the framework's free fork. */
export async function startServerlessOffline(peers: Peers): Promise<Contestant> {
  const [lambdaPort, httpPort] = [await freePort(), await freePort()];
  const ports = ["--lambdaPort", String(lambdaPort), "--httpPort", String(httpPort), "--websocketPort", "0"];
  const command = path.join(peers.folder, "node_modules/osls/bin/serverless.js");
  const request = post(`http://127.0.0.1:${lambdaPort}/2015-03-31/functions/bench-dev-hello/invocations`);
  const started = await startProcess(process.execPath, [command, "offline", "--host", "127.0.0.1", ...ports], {
    cwd: peers.service,
    env: { SLS_TELEMETRY_DISABLED: "1", SLS_NOTIFICATIONS_MODE: "off", SLS_ANALYTICS_DISABLED: "1" },
    isReady: () => answers(request),
  });
  return contestant("serverless-offline, Lambda API", started, request);
}

/** The official Node runtime client behind {@link import("./runtime-api.ts")}. */
export async function startRuntimeClient(peers: Peers, runtimeClient: string, sandboxes: number): Promise<Contestant> {
  const port = await freePort();
  const script = path.join(import.meta.dirname, "runtime-api.ts");
  const request = post(`http://127.0.0.1:${port}/2015-03-31/functions/hello/invocations`);
  const client = path.join(runtimeClient, "index.mjs");
  const started = await startProcess(
    process.execPath,
    [script, String(port), String(sandboxes), client, peers.service],
    {
      cwd: peers.service,
      isReady: () => answers(request),
    },
  );
  return contestant(`aws-lambda-ric, ${sandboxes === 1 ? "1 process" : `${sandboxes} processes`}`, started, request);
}

/** No sandbox, no signature, no Lambda: what Node and Express alone can do. */
export async function startFunctionsFramework(peers: Peers): Promise<Contestant> {
  const port = await freePort();
  const script = path.join(peers.folder, "node_modules/@google-cloud/functions-framework/build/src/main.js");
  const request = post(`http://127.0.0.1:${port}/`);
  const started = await startProcess(process.execPath, [script, "--target=hello", `--port=${port}`], {
    cwd: peers.service,
    env: { HOST: "127.0.0.1", NODE_ENV: "production" },
    isReady: () => answers(request),
  });
  return contestant("functions-framework (no sandbox, no signature)", started, request);
}

function contestant(
  name: string,
  started: { readonly pid: number } & AsyncDisposable,
  request: LoadRequest,
): Contestant {
  return {
    name,
    pid: started.pid,
    request: async () => request,
    [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
  };
}

/** The same for another function of a service. */
export async function invocationOf(contestant: Contestant, name: string): Promise<LoadRequest> {
  const { url } = await contestant.request();
  return post(url.replace("bench-dev-hello", `bench-dev-${name}`));
}

function post(url: string): LoadRequest {
  return { url, headers: json, body: payload };
}

/** Does it answer, and with the function's result? */
export async function answers({ url, headers, body }: LoadRequest): Promise<boolean> {
  const response = await fetch(url, { method: "POST", headers, body, signal: AbortSignal.timeout(5000) });
  const text = await response.text();
  return response.status === 200 && text === '{"greeting":"Hello, Ada!"}';
}
