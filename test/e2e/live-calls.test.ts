/** What becomes of either end of a live call when the other one dies, hangs or says nonsense. */
import { execFile, execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { deploymentName } from "../../src/deploy/deployment-name.ts";
import type { FaasProvider } from "../../src/deploy/provider.ts";
import { createRegistry } from "../../src/deploy/registry.ts";
import { CallerEndpoint, type FunctionLine } from "../../src/stub/caller-endpoint.ts";
import { MANIFEST_FILE, parseManifest } from "../../src/stub/manifest.ts";
import manifest from "../../package.json" with { type: "json" };
import { decomposeProgram, runProgram } from "./decompose-harness.ts";

const run = promisify(execFile);
const root = realpathSync(mkdtempSync(path.join(os.tmpdir(), "faasify-live-")));
const data = path.join(root, "data");
const cli = path.resolve("dist/cli.cjs");
const environment = { ...process.env, FAASIFY_DATA: data };
const { signal } = new AbortController();
const platformFolder = path.join(data, "platform");

afterAll(async () => {
  await run(process.execPath, [cli, "platform", "stop"], { env: environment });
  rmSync(root, { recursive: true, force: true });
});

async function provider(): Promise<FaasProvider> {
  const platformBundle = path.resolve("dist/platform.cjs");
  const local = { folder: platformFolder, platformBundle, version: manifest.version };
  const aws = { bundle: path.resolve("dist/provider-aws.cjs"), options: () => ({}) };
  return createRegistry({ local, aws }).get("local");
}

interface Copy {
  readonly out: string;
  readonly entry: string;
  /** Of `f`, at the platform. */
  readonly name: string;
}

async function copyOf(text: string): Promise<Copy> {
  const file = path.join(mkdtempSync(path.join(root, "program-")), "program.mjs");
  writeFileSync(file, text);
  const out = mkdtempSync(path.join(root, "copy-"));
  const { entry, remote } = await decomposeProgram(file, { out, data, options: ["--functions", "f"] });
  expect(remote).toContain("program.mjs#f");
  return {
    out,
    entry: path.join(out, entry),
    name: deploymentName({ file: path.join(out, "program.mjs"), name: "f" }),
  };
}

async function eventually<T>(what: string, read: () => Promise<T | undefined>): Promise<T> {
  const end = Date.now() + 60_000;
  for (;;) {
    const found = await read();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`never: ${what}`);
    await delay(50);
  }
}

/** Waits until the function's log has the line. */
function logged(name: string, text: string): Promise<true> {
  return eventually(`${name} prints ${text}`, async () => {
    const events = await (await provider()).logs(name, {}, signal);
    return events.some(({ message }) => message.includes(text)) || undefined;
  });
}

function ended(name: string): Promise<number> {
  return eventually(`the invocation of ${name} ends`, async () => {
    const { invocations } = await (await provider()).metrics(name, signal);
    return invocations > 0 ? invocations : undefined;
  });
}

function start(entry: string): ChildProcess {
  return spawn(process.execPath, [entry], {
    env: { ...environment, NODE_OPTIONS: "" },
    stdio: ["ignore", "pipe", "inherit"],
  });
}

async function firstLine(child: ChildProcess): Promise<string> {
  const [chunk] = (await once(child.stdout ?? child, "data")) as [Buffer];
  return String(chunk);
}

const syncGenerator = `export function* f() {
  try { for (let i = 0; ; i++) yield i; } finally { console.log("swept up"); }
}
`;
const asyncGenerator = syncGenerator.replace("function*", "async function*");

describe("a caller that is killed in the middle", () => {
  it.each([
    ["a generator", syncGenerator, "const g = f();\nconsole.log(g.next().value);\nsetInterval(() => {}, 1000);\n"],
    ["a busy generator", syncGenerator, "const g = f();\nconsole.log(g.next().value);\nfor (;;) g.next();\n"],
    [
      "an asynchronous generator",
      asyncGenerator,
      "const g = f();\nconsole.log((await g.next()).value);\nsetInterval(() => {}, 1000);\n",
    ],
  ])("of %s leaves none behind: `finally` runs, and the sandbox is free", async (_what, generator, use) => {
    const { entry, name } = await copyOf(generator + use);
    const child = start(entry);
    expect(await firstLine(child)).toBe("0\n");
    child.kill("SIGKILL");

    await logged(name, "swept up");
    expect(await ended(name)).toBe(1);
  });

  it("of a callback ends the function that waits for its answer", async () => {
    const { entry, name } = await copyOf(
      `export function f(list, visit) {
  try { return list.map((x) => visit(x)); } finally { console.log("swept up"); }
}
f([1], () => { console.log("called"); for (;;); });
`,
    );
    const child = start(entry);
    expect(await firstLine(child)).toBe("called\n");
    child.kill("SIGKILL");

    await logged(name, "swept up");
    expect(await ended(name)).toBe(1);
  });
});

describe("a sandbox that is killed in the middle", () => {
  it.each([
    [
      "of a generator",
      syncGenerator,
      "const g = f();\nstep(() => g.next());\nwaitForFile();\nstep(() => g.next());\nstep(() => g.next());\n",
    ],
    [
      "of an asynchronous generator",
      asyncGenerator,
      "const g = f();\nawait step(() => g.next());\nwaitForFile();\nawait step(() => g.next());\nawait step(() => g.next());\n",
    ],
    [
      "and has given out a function",
      "export function f() { let n = 0; return () => n++; }\n",
      "const g = f();\nstep(() => g());\nwaitForFile();\nstep(() => g());\nstep(() => g());\n",
    ],
  ])("%s is a failure with the platform's reason, and a new call begins anew", async (_what, generator, use) => {
    const file = path.join(mkdtempSync(path.join(root, "flag-")), "killed");
    const helpers = `import { existsSync } from "node:fs";
const pause = new Int32Array(new SharedArrayBuffer(4));
function waitForFile() { while (!existsSync(${JSON.stringify(file)})) Atomics.wait(pause, 0, 0, 20); }
function step(run) {
  const tell = (error) => console.log(error.code, /killed|has ended/.test(error.message));
  const done = () => console.log("a step");
  try { const result = run(); return result instanceof Promise ? result.then(done, tell) : done(); } catch (error) { tell(error); }
}
`;
    const again = "console.log(typeof f());\nprocess.exit();\n";
    const { entry } = await copyOf(helpers + generator + use + again);
    const child = start(entry);
    const output: string[] = [];
    child.stdout?.on("data", (chunk: Buffer) => output.push(String(chunk)));
    await eventually("it has taken a step", async () => output.join("").includes("a step") || undefined);
    for (const pid of sandboxes()) process.kill(pid, "SIGKILL");
    writeFileSync(file, "");
    await once(child, "close");

    expect(output.join("")).toMatch(
      /^a step\ninvocation-failed true\n(?:a step|invocation-failed true)\n(?:object|function)\n$/,
    );
  });
});

/** All of them. */
function sandboxes(): readonly number[] {
  const { pid } = JSON.parse(readFileSync(path.join(platformFolder, "platform.json"), "utf8")) as { pid: number };
  const text = execFileSync("ps", ["-o", "pid=", "--ppid", String(pid)], { encoding: "utf8" });
  return text
    .split("\n")
    .map(Number)
    .filter((child) => child > 0 && isSandbox(child));
}

/** The `ps` itself may be a child of the platform's children, and gone by now. */
function isSandbox(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("sandbox.cjs");
  } catch {
    return false;
  }
}

interface Deployed {
  readonly name: string;
  readonly endpoint: CallerEndpoint;
}

/** `f` of a program, deployed by hand. */
async function deployed(text: string, timeoutMs: number): Promise<Deployed> {
  const { out, entry, name } = await copyOf(text);
  const own = path.join(path.dirname(entry), ".faasify");
  const remote = Object.values(parseManifest(readFileSync(path.join(own, MANIFEST_FILE), "utf8"))?.functions ?? {})[0];
  if (!remote) throw new Error("nothing moved");
  const { zipPath, sourceMapPath, ...facts } = remote.artifact;
  const artifact = {
    ...facts,
    zipPath: path.join(own, zipPath),
    sourceMapPath: path.join(own, sourceMapPath),
    debug: false,
    convention: "plain",
  } as const;
  const ref = { file: path.join(out, "program.mjs"), name: "f" };
  const configuration = { memoryMb: 256, timeoutMs, environment: {} };
  await (await provider()).deploy({ function: ref, name, artifact, configuration }, signal);
  return { name, endpoint: new CallerEndpoint() };
}

interface Talk {
  readonly line: FunctionLine;
  readonly texts: string[];
  readonly answer: Promise<unknown>;
  isClosed: boolean;
}

async function talkWith({ name, endpoint }: Deployed, args: readonly unknown[]): Promise<Talk> {
  const texts: string[] = [];
  const line = await endpoint.open({
    onText: (text) => texts.push(text),
    onClose: () => {
      talk.isClosed = true;
    },
  });
  const event = { faasify: 1, effects: true, args, channel: line.channel };
  const answer = (await provider()).invoke(name, { kind: "event", event }, signal);
  const talk: Talk = { line, texts, answer, isClosed: false };
  return talk;
}

describe("a function by itself", () => {
  it("is ended by its time limit while its caller says nothing", async () => {
    const talk = await talkWith(await deployed(syncGenerator, 1500), []);

    expect(await talk.answer).toMatchObject({ error: { name: "Sandbox.Timedout" } });
    await eventually("it hangs up", async () => talk.isClosed || undefined);
    expect(JSON.parse(talk.texts[0] ?? "")).toMatchObject({ type: "answer", outcome: { ok: true, value: [1] } });
  });

  it("says so when nobody listens there, and is free when its caller hangs up at once", async () => {
    const { name, endpoint } = await deployed(syncGenerator, 60_000);
    const unused = createServer().listen(0, "127.0.0.1");
    await once(unused, "listening");
    const { port } = unused.address() as AddressInfo;
    unused.close();
    const event = { faasify: 1, effects: true, args: [], channel: { port, token: "x" } };
    const target = await provider();
    expect(await target.invoke(name, { kind: "event", event }, signal)).toMatchObject({
      error: { name: "CallerUnreachable" },
    });
    const { line, answer } = await talkWith({ name, endpoint }, []);
    line.close();

    expect(await answer).toMatchObject({ result: { faasify: 1 } });
  });

  it("fails when its caller says nonsense, and the next call finds a sandbox", async () => {
    const target = await deployed(syncGenerator, 60_000);
    const talk = await talkWith(target, []);
    await eventually("it has answered", async () => talk.texts[0]);
    talk.line.send('{"type":"call","heap":{"changes":[[99,{}]]},"request":{}}');
    expect(await talk.answer).toMatchObject({ error: { message: expect.stringContaining("object 99") } });

    const next = await talkWith(target, []);
    await eventually("it has answered", async () => next.texts[0]);
    next.line.send('{"type":"end"}');
    expect(await next.answer).toMatchObject({ result: { faasify: 1 } });
  });
});

describe("the caller's port", () => {
  it.each([
    ["a wrong token", (token: string) => frame(token.replace(/./, (c) => (c === "0" ? "1" : "0")))],
    ["a token that was used", (token: string) => frame(token)],
    ["more than a token", () => frame("x".repeat(65))],
    ["a frame without end", () => Buffer.from([255, 255, 255, 255, 1])],
  ])("hangs up on %s, and does not hand on a word", async (_what, bytes) => {
    const texts: string[] = [];
    const endpoint = new CallerEndpoint();
    const line = await endpoint.open({ onText: (text) => texts.push(text), onClose: () => undefined });
    const { port, token } = line.channel;
    const first = connect(port, "127.0.0.1");
    first.write(Buffer.concat([frame(token), frame("hello")]));
    await eventually("the first is heard", async () => texts[0]);
    const second = connect(port, "127.0.0.1");
    second.on("error", () => undefined);
    second.write(Buffer.concat([bytes(token), frame("intruder")]));
    second.resume();
    await once(second, "close");
    first.destroy();
    line.close();

    expect(texts).toEqual(["hello"]);
  });

  it("is open on the loopback interface alone", async () => {
    const line = await new CallerEndpoint().open({ onText: () => undefined, onClose: () => undefined });
    const others = Object.values(os.networkInterfaces())
      .flatMap((list) => list ?? [])
      .filter(({ internal, family }) => !internal && family === "IPv4");
    for (const { address } of others) {
      const socket = connect(line.channel.port, address);
      const [error] = (await once(socket, "error")) as [NodeJS.ErrnoException];
      expect(error.code).toBe("ECONNREFUSED");
    }
    line.close();
    expect(line.channel.token).toMatch(/^[0-9a-f]{64}$/);
  });
});

function frame(text: string): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt32LE(Buffer.byteLength(text), 0);
  return Buffer.concat([header, Buffer.from(text)]);
}

describe("what cannot cross in the middle of a call", () => {
  it.each([
    [
      "gives",
      "export function* f() { yield 1; yield { bad: new WeakMap() }; }\nfor (const x of f()) console.log(x);\n",
      "result.bad, which is a WeakMap",
    ],
    [
      "asks with",
      "export function f(visit) { try { visit([]); visit([new WeakSet()]); } catch { return 'went on'; } }\nconsole.log(f(() => console.log('called')));\n",
      "args[0][0], which is a WeakSet",
    ],
    [
      "is answered with",
      "export function f(visit) { try { return [visit(1)].length; } catch { return 'went on'; } }\nconsole.log(f((n) => { console.log(n); return new Proxy({}, {}); }));\n",
      "result, which is a Proxy",
    ],
  ])("is refused with its path: what the function %s", async (_what, text, path) => {
    const { entry } = await copyOf(text);
    const { stdout, stderr, status } = await runProgram(entry, { FAASIFY_DATA: data });

    expect(stderr).toContain(path);
    expect(stderr).toContain("value-not-portable");
    expect(stdout).not.toContain("went on");
    expect(status).toBe(1);
  });
});
