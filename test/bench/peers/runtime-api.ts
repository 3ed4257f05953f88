/**
 * The least that the official Node runtime client needs: Lambda's Invoke on one side, Lambda's Runtime API on the other,
 * no signature, no limits, no log. Run by node, with its own children as sandboxes:
 *
 *     node runtime-api.ts PORT SANDBOXES RUNTIME_CLIENT TASK_FOLDER
 */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

interface Invocation {
  readonly id: string;
  readonly payload: Buffer;
  readonly caller: ServerResponse;
}

const invokePath = "/2015-03-31/functions/hello/invocations";
const runtimePath = "/2018-06-01/runtime/";
const [port = "0", sandboxes = "1", runtimeClient = "", taskFolder = ""] = process.argv.slice(2);

const queue: Invocation[] = [];
const idle: ServerResponse[] = [];
const running = new Map<string, ServerResponse>();

const server = createServer((request, response) => {
  const { url = "" } = request;
  if (url === `${runtimePath}invocation/next`) {
    idle.push(response);
    pump();
    return;
  }
  void readBody(request).then((body) => {
    if (url === invokePath) {
      queue.push({ id: randomUUID(), payload: body, caller: response });
      pump();
    } else {
      finish(url, body, response);
    }
  });
});

server.listen(Number(port), "127.0.0.1", () => {
  for (let i = 0; i < Number(sandboxes); i++) startSandbox();
});

function pump(): void {
  while (idle.length > 0 && queue.length > 0) {
    const sandbox = idle.shift();
    const invocation = queue.shift();
    if (!sandbox || !invocation) return;
    running.set(invocation.id, invocation.caller);
    sandbox.writeHead(200, {
      "Content-Type": "application/json",
      "Content-Length": invocation.payload.length,
      "Lambda-Runtime-Aws-Request-Id": invocation.id,
      "Lambda-Runtime-Deadline-Ms": String(Date.now() + 30_000),
      "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:000000000000:function:hello",
    });
    sandbox.end(invocation.payload);
  }
}

/** `invocation/ID/response` or `invocation/ID/error`. */
function finish(url: string, body: Buffer, sandbox: ServerResponse): void {
  const [, id = "", outcome] = /\/invocation\/([^/]+)\/(response|error)$/.exec(url) ?? [];
  const caller = running.get(id);
  running.delete(id);
  caller?.writeHead(outcome === "response" ? 200 : 500, {
    "Content-Type": "application/json",
    "Content-Length": body.length,
  });
  caller?.end(body);
  sandbox.writeHead(202, { "Content-Length": 0 }).end();
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function startSandbox(): void {
  const child = spawn(process.execPath, [runtimeClient], {
    cwd: taskFolder,
    stdio: "inherit",
    env: {
      ...process.env,
      _HANDLER: "hello.handler",
      AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}`,
      LAMBDA_TASK_ROOT: taskFolder,
      AWS_LAMBDA_FUNCTION_NAME: "hello",
      AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "256",
      AWS_LAMBDA_LOG_GROUP_NAME: "/aws/lambda/hello",
      AWS_LAMBDA_LOG_STREAM_NAME: "bench",
      AWS_REGION: "us-east-1",
    },
  });
  child.once("exit", (code) => {
    console.error(`the runtime client ended with status ${code}`);
    process.exit(1);
  });
}
