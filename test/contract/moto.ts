/** moto: a control plane of AWS that nobody here wrote. It keeps functions, roles and logs, but runs nothing. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { installPythonPackages } from "./python-packages.ts";

export const moto = installPythonPackages(["moto[server,awslambda,iam,logs,cloudwatch,sts,s3]==5.2.5"]);

export interface RunningMoto extends AsyncDisposable {
  readonly endpoint: string;
}

const START_LIMIT_MS = 60_000;

export async function startMoto(): Promise<RunningMoto> {
  if ("problem" in moto) throw new Error(moto.problem);
  const port = await freePort();
  const server = spawn("python3", ["-m", "moto.server", "-H", "127.0.0.1", "-p", String(port)], {
    env: { ...process.env, ...moto.environment, AWS_ACCESS_KEY_ID: "moto", AWS_SECRET_ACCESS_KEY: "moto" },
    stdio: "ignore",
  });
  const endpoint = `http://127.0.0.1:${port}`;
  const end = async (): Promise<void> => {
    if (server.exitCode !== null || !server.kill("SIGKILL")) return;
    await once(server, "exit");
  };
  try {
    await untilItAnswers(endpoint);
    // Without Docker it echoes what is sent.
    await fetch(`${endpoint}/moto-api/config`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ lambda: { use_docker: false } }),
    });
  } catch (error) {
    await end();
    throw error;
  }
  return { endpoint, [Symbol.asyncDispose]: end };
}

async function untilItAnswers(endpoint: string): Promise<void> {
  const limit = Date.now() + START_LIMIT_MS;
  for (;;) {
    try {
      await fetch(`${endpoint}/moto-api/data.json`);
      return;
    } catch (cause) {
      if (Date.now() > limit) throw new Error("moto did not start", { cause });
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** moto takes a port and does not say which it got. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
