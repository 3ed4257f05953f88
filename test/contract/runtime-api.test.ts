/** Runtimes that others wrote, by Lambda's Runtime API. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { InvokeWithResponseStreamCommand, PublishLayerVersionCommand } from "@aws-sdk/client-lambda";
import { strToU8, zipSync, type Zippable } from "fflate";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  deploy,
  eventually,
  invoke,
  isAlive,
  startPlatform,
  temporaryFolder,
  type RunningPlatform,
} from "../e2e/platform-harness.ts";

let platform: RunningPlatform;
let folder: string;
let name: string;
let counter = 0;

beforeAll(async () => {
  platform = await startPlatform();
  folder = temporaryFolder();
});
afterAll(async () => {
  await platform[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  counter += 1;
  name = `fn-${counter}`;
});

const UNIX = 3;
const EXECUTABLE = 0o755 << 16;

/** With the mode bits that the `zip` command would store. */
function zipOf(files: Record<string, string>, executable: readonly string[] = ["bootstrap"]): Buffer {
  const entries: Zippable = {};
  for (const [file, text] of Object.entries(files)) {
    entries[file] = executable.includes(file) ? [strToU8(text), { os: UNIX, attrs: EXECUTABLE }] : strToU8(text);
  }
  return Buffer.from(zipSync(entries));
}

/** A runtime in a few lines of shell, as Lambda's tutorial has it. */
const shell = (handle: string): string => `#!/bin/sh
set -u
API="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime"
echo "started in $(pwd)"
while :; do
  HEADERS="$(mktemp)"
  EVENT=$(curl -sS -LD "$HEADERS" "$API/invocation/next")
  ID=$(grep -Fi Lambda-Runtime-Aws-Request-Id "$HEADERS" | tr -d '[:space:]' | cut -d: -f2)
  ARN=$(grep -Fi Lambda-Runtime-Invoked-Function-Arn "$HEADERS" | tr -d '\\r' | cut -d' ' -f2)
  rm -f "$HEADERS"
  ${handle}
done
`;

describe("a bootstrap of shell and curl", () => {
  const deployShell = (handle: string, more: object = {}) =>
    deploy(platform, name, "", {
      Runtime: "provided.al2023",
      Code: { ZipFile: zipOf({ bootstrap: shell(handle) }) },
      ...more,
    });

  it("serves one invocation after another in one process", async () => {
    await deployShell(
      `echo "got $EVENT"; curl -sS -X POST "$API/invocation/$ID/response" -d "{\\"event\\":$EVENT,\\"pid\\":$$,\\"arn\\":\\"$ARN\\",\\"handler\\":\\"$_HANDLER\\"}" > /dev/null`,
      { Timeout: 20 },
    );

    const first = await invoke(platform, name, { a: 1 });
    const second = await invoke(platform, name, { a: 2 });

    expect(first.value).toEqual({
      event: { a: 1 },
      pid: expect.any(Number),
      arn: `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
      handler: "index.handler",
    });
    expect(first.log).toMatch(/^START [^]+\ngot \{"a":1\}\nEND [^]+Init Duration/);
    expect(second.value).toMatchObject({ event: { a: 2 }, pid: (first.value as { pid: number }).pid });
    expect(second.log).not.toContain("Init Duration");
  });

  it("reports errors, and goes on", async () => {
    await deployShell(
      `curl -sS -X POST "$API/invocation/$ID/error" -H "Lambda-Runtime-Function-Error-Type: Mine" -d '{"errorMessage":"no","errorType":"Mine","stackTrace":[]}' > /dev/null`,
    );

    for (const _again of [1, 2]) {
      expect(await invoke(platform, name)).toMatchObject({
        error: "Unhandled",
        value: { errorType: "Mine", errorMessage: "no" },
      });
    }
  });

  it("that ends, hangs or cannot start fails its invocation, and its processes end", async () => {
    await deployShell("exit 7");
    expect(await invoke(platform, name)).toMatchObject({
      value: { errorType: "Runtime.ExitError", errorMessage: expect.stringContaining("exit status 7") },
    });
    name = `${name}-hangs`;
    const pids = path.join(folder, name);
    await deployShell(`sleep 1000 & echo $! > ${pids}; sleep 1000`, { Timeout: 1 });
    expect(await invoke(platform, name)).toMatchObject({ value: { errorType: "Sandbox.Timedout" } });
    const pid = Number(readFileSync(pids, "utf8"));
    await eventually("what it started has ended", () => (isAlive(pid) ? undefined : true));
    name = `${name}-not`;
    await deploy(platform, name, "", { Runtime: "provided.al2023" });
    expect(await invoke(platform, name)).toMatchObject({
      value: {
        errorType: "Runtime.InvalidEntrypoint",
        errorMessage: expect.stringContaining("Couldn't find valid bootstrap"),
      },
    });
  });

  it("may tell that it cannot start", async () => {
    const bootstrap = `#!/bin/sh
      curl -sS -X POST "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/init/error" -d '{"errorType":"Mine","errorMessage":"no way"}'
      exit 1`;
    await deploy(platform, name, "", { Runtime: "provided.al2", Code: { ZipFile: zipOf({ bootstrap }) } });

    expect(await invoke(platform, name)).toMatchObject({
      error: "Unhandled",
      value: { errorType: "Mine", errorMessage: "no way" },
      log: expect.stringContaining("INIT_REPORT"),
    });
  });

  it("comes from a layer, and streams", async () => {
    const bootstrap = shell(
      `(printf first; sleep 0.3; printf second) | curl -sS -X POST -T - "$API/invocation/$ID/response" -H "Lambda-Runtime-Function-Response-Mode: streaming" -H "Transfer-Encoding: chunked" -H "Content-Type: text/plain" > /dev/null`,
    );
    const { LayerVersionArn = "" } = await platform.client.send(
      new PublishLayerVersionCommand({ LayerName: "shell", Content: { ZipFile: zipOf({ bootstrap }) } }),
    );
    await deploy(platform, name, "", { Runtime: "provided.al2023", Layers: [LayerVersionArn], Timeout: 20 });

    const { EventStream } = await platform.client.send(new InvokeWithResponseStreamCommand({ FunctionName: name }));
    const pieces: string[] = [];
    for await (const { PayloadChunk } of EventStream ?? []) {
      if (PayloadChunk?.Payload) pieces.push(Buffer.from(PayloadChunk.Payload).toString());
    }

    expect(pieces).toEqual(["first", "second"]);
  });
});

/** Installed into a folder of the test's own; undefined, with the reason, where that is not possible. */
function installPythonClient(): { readonly root: string; readonly version: string } | { readonly problem: string } {
  const root = path.join(temporaryFolder(), "python");
  try {
    const version = execFileSync("python3", ["-c", "import sys; print('%d.%d' % sys.version_info[:2])"], {
      encoding: "utf8",
    }).trim();
    mkdirSync(root, { recursive: true });
    execFileSync(
      "python3",
      ["-m", "pip", "install", "--quiet", "--only-binary=:all:", "--target", root, "awslambdaric==3.0.2"],
      {
        stdio: "pipe",
        timeout: 120_000,
      },
    );
    return { root, version };
  } catch (error) {
    return { problem: String(error).slice(0, 200) };
  }
}

const python = installPythonClient();

describe.skipIf("problem" in python)("the official runtime client for Python", () => {
  afterAll(() => {
    if ("root" in python) rmSync(path.dirname(python.root), { recursive: true, force: true });
  });

  it("runs functions in Python", async () => {
    if (!("root" in python)) return;
    await deploy(platform, name, "", {
      Runtime: `python${python.version}` as never,
      Handler: "app.main",
      Timeout: 30,
      Environment: { Variables: { EXTRA: "yes" } },
      Layers: [await publishPythonClient(python.root)],
      Code: {
        ZipFile: zipOf({
          "app.py": `
import os
def main(event, context):
    print("hello from python")
    if event.get("fail"):
        raise ValueError("no")
    return {"event": event, "id": context.aws_request_id, "name": context.function_name,
            "left": context.get_remaining_time_in_millis() > 0, "extra": os.environ["EXTRA"]}
`,
        }),
      },
    });

    const { value, log } = await invoke(platform, name, { ü: [1, "a"] });

    expect(value).toMatchObject({
      event: { ü: [1, "a"] },
      name,
      left: true,
      extra: "yes",
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(log).toContain("hello from python");
    expect(await invoke(platform, name, { fail: true })).toMatchObject({
      error: "Unhandled",
      value: { errorType: "ValueError", errorMessage: "no" },
    });
    expect(await invoke(platform, name, {})).toMatchObject({ error: undefined });
  });
});

/** As a layer, so that the function has it as its own. */
async function publishPythonClient(root: string): Promise<string> {
  const files: Zippable = {};
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (entry.isFile()) files[`python/${path.relative(root, file)}`] = readFileSync(file);
  }
  const { LayerVersionArn = "" } = await platform.client.send(
    new PublishLayerVersionCommand({
      LayerName: "python-client",
      Content: { ZipFile: Buffer.from(zipSync(files, { level: 1 })) },
    }),
  );
  return LayerVersionArn;
}

/** Compiling it takes minutes: it is there once the benchmark against it was run. */
const nodeClient = path.resolve(".cache/bench-peers/node_modules/aws-lambda-ric");

describe.skipIf(!existsSync(path.join(nodeClient, "build/Release")))("the official runtime client for Node", () => {
  it("runs functions as a bootstrap", async () => {
    const bootstrap = `#!/bin/sh\nexec ${process.execPath} ${nodeClient}/bin/index.mjs "$_HANDLER"\n`;
    const source = "exports.handler = async (event, context) => ({ event, id: context.awsRequestId });";
    await deploy(platform, name, "", {
      Runtime: "provided.al2023",
      Timeout: 20,
      Code: { ZipFile: zipOf({ bootstrap, "index.js": source }) },
    });

    expect((await invoke(platform, name, { a: 1 })).value).toEqual({ event: { a: 1 }, id: expect.any(String) });
  });
});
