import { spawn } from "node:child_process";
import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import path from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { createLocalProvider } from "../../src/deploy/providers/local/local-provider.ts";
import {
  ensurePlatform,
  findPlatform,
  stopPlatform,
  type LocalOptions,
} from "../../src/deploy/providers/local/platform-process.ts";
import type { FaasProvider } from "../../src/deploy/provider.ts";
import { PLATFORM_INFO_FILE } from "../../src/protocol/platform-info.ts";
import { makeArtifact, testFaasProvider, type ProviderUnderTest } from "./faas-provider.ts";
import { testFunctionVersions } from "./faas-provider-versions.ts";
import { openLocalPlace, type LocalPlace } from "./local-platform.ts";

const never = new AbortController().signal;

testFaasProvider("local", openLocalProvider);
testFunctionVersions("local", openLocalProvider);

async function openLocalProvider(): Promise<ProviderUnderTest> {
  const place = openLocalPlace();
  return {
    provider: createLocalProvider(place.options),
    artifactFolder: path.join(place.root, "artifacts"),
    [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
  };
}

describe("finding and starting the platform", () => {
  it("is found by others once started, and gone once stopped", async () => {
    const { options } = place();
    expect(await findPlatform(options.folder, never)).toBeUndefined();
    expect(await stopPlatform(options.folder, never)).toBe(false);

    const { info } = await ensurePlatform(options, never);
    expect(await ensurePlatform(options, never)).toMatchObject({ info });
    expect((await findPlatform(options.folder, never))?.status.version).toBe(options.version);

    expect(await stopPlatform(options.folder, never)).toBe(true);
    expect(await findPlatform(options.folder, never)).toBeUndefined();
  });

  it("is started once by several clients at the same time", async () => {
    const { options } = place();

    const found = await Promise.all(Array.from({ length: 4 }, () => ensurePlatform(options, never)));

    expect(new Set(found.map(({ info }) => info.pid)).size).toBe(1);
  });

  it("is started once for requests that come at the same time, and an aborted one does not wait for it", async () => {
    const { options } = place();
    const provider = createLocalProvider(options);
    const abort = new AbortController();
    const reason = new Error("cancelled");

    const impatient = provider.list(abort.signal).catch((error: unknown) => error);
    const patient = Promise.all([provider.list(never), provider.list(never)]);
    abort.abort(reason);

    expect(await impatient).toBe(reason);
    expect(await patient).toEqual([[], []]);
    expect(readFileSync(path.join(options.folder, "platform.log"), "utf8")).not.toContain("error");
  });

  it("is started anew after it was killed, with everything that was deployed", async () => {
    const { options, root } = place();
    const provider = createLocalProvider(options);
    await deploy(provider, root, "survivor", "export const handler = async () => 'still here';");
    const { info } = await ensurePlatform(options, never);

    process.kill(info.pid, "SIGKILL");
    await gone(info.pid);

    expect(existsSync(path.join(options.folder, PLATFORM_INFO_FILE))).toBe(true);
    expect(await provider.invoke("survivor", { kind: "event", event: {} }, never)).toMatchObject({
      result: "still here",
    });
  });

  it("of another version is replaced, and keeps its functions", async () => {
    const { options, root } = place();
    await deploy(createLocalProvider(options), root, "kept", "export const handler = async () => 1;");
    const { info } = await ensurePlatform(options, never);
    const file = path.join(options.folder, PLATFORM_INFO_FILE);
    // As an older FaaSify would have left it.
    writeFileSync(file, readFileSync(file, "utf8").replace(options.version, "0.0.1"));

    const replaced = await ensurePlatform(options, never);

    expect(replaced.info.pid).not.toBe(info.pid);
    expect(await createLocalProvider(options).list(never)).toEqual(["kept"]);
  });

  it("of another version is not replaced while a function runs on it", async () => {
    const { options, root } = place();
    const provider = createLocalProvider(options);
    const started = path.join(root, "started");
    const release = path.join(root, "release");
    await deploy(provider, root, "busy", waitsForRelease({ started, release }));
    const invocation = provider.invoke("busy", { kind: "event", event: {} }, never);
    await expect.poll(() => existsSync(started), { timeout: 120_000 }).toBe(true);

    const newer = ensurePlatform({ ...options, version: "999.0.0" }, never);

    await expect(newer).rejects.toMatchObject({
      code: "platform-version-mismatch",
      message: expect.stringContaining("a function is running on it"),
    });
    writeFileSync(release, "");
    expect(await invocation).toMatchObject({ result: "done" });
  });

  it("believes nobody who has taken the port of a platform that was killed", async () => {
    const { options, root } = place();
    const provider = createLocalProvider(options);
    await deploy(provider, root, "mine", "export const handler = async () => 'mine';");
    const { info } = await ensurePlatform(options, never);
    process.kill(info.pid, "SIGKILL");
    await gone(info.pid);
    const seen: string[] = [];
    const thief = createHttpServer((request, response) => {
      seen.push(`${request.method} ${request.url}`);
      const status = { version: options.version, pid: info.pid, uptimeMs: 1, functions: 1, sandboxes: 0, running: 0 };
      response.end(JSON.stringify({ ...status, proof: "0".repeat(64) }));
    });
    thief.listen(Number(new URL(info.endpoint).port), "127.0.0.1");
    onTestFinished(() => void thief.close());
    await once(thief, "listening");

    expect(await findPlatform(options.folder, never)).toBeUndefined();
    expect(await provider.invoke("mine", { kind: "event", event: {} }, never)).toMatchObject({ result: "mine" });
    expect(new Set(seen)).toEqual(new Set(["GET /_faasify/status"]));
  });

  it("says which process to end when it does not answer", async () => {
    const { options } = place();
    const { info } = await ensurePlatform(options, never);
    process.kill(info.pid, "SIGSTOP");
    let stopped = false;
    onTestFinished(() => void (stopped || process.kill(info.pid, "SIGCONT")));

    await expect(stopPlatform(options.folder, never)).rejects.toMatchObject({
      code: "platform-unreachable",
      remedy: expect.stringContaining(`kill -9 ${info.pid}`),
    });
    process.kill(info.pid, "SIGCONT");
    stopped = await stopPlatform(options.folder, never);
    expect(stopped).toBe(true);
  });

  it("is replaced when the file by which it is found was damaged", async () => {
    const { options } = place();
    const { info } = await ensurePlatform(options, never);
    writeFileSync(path.join(options.folder, PLATFORM_INFO_FILE), "");

    const next = await ensurePlatform(options, never);

    expect(next.info.pid).not.toBe(info.pid);
    await gone(info.pid);
  });

  it("ends when its folder is deleted: nobody could find it any more", async () => {
    const { options, root } = place();
    const { info } = await ensurePlatform(options, never);

    rmSync(root, { recursive: true });
    await gone(info.pid);

    expect(existsSync(root)).toBe(false);
  });

  it("stops with the reason when aborted", async () => {
    const { options } = place();
    const reason = new Error("cancelled");

    await expect(ensurePlatform(options, AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});

describe("a platform that cannot start", () => {
  it("says that its port is taken, and by which one", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;

    await expect(ensurePlatform(place({ port }).options, never)).rejects.toMatchObject({
      code: "port-taken",
      message: expect.stringContaining(String(port)),
    });
  });

  it("says that its state is damaged again and again, and touches nothing", async () => {
    const { options } = place();
    mkdirSync(options.folder, { recursive: true });
    const state = path.join(options.folder, "state.db");
    for (let number = 1; number <= 9; number += 1) writeFileSync(`${state}.damaged-${number}`, "");
    writeFileSync(state, "this is no database, but somebody's only copy".repeat(100));

    await expect(ensurePlatform(options, never)).rejects.toMatchObject({ code: "platform-state-corrupt" });
    expect(readFileSync(state, "utf8")).toMatch(/^this is no database/);
  });

  it("says that its folder cannot be made", async () => {
    const { root, options } = place();
    writeFileSync(path.join(root, "platform"), "a file where the folder should be");

    await expect(ensurePlatform(options, never)).rejects.toMatchObject({ code: "platform-state-not-writable" });
  });

  it.skipIf(process.getuid?.() === 0)("says that its folder is read-only", async () => {
    const { options } = place();
    mkdirSync(options.folder, { recursive: true });
    chmodSync(options.folder, 0o500);

    await expect(ensurePlatform(options, never)).rejects.toMatchObject({ code: "platform-state-not-writable" });
  });

  it("says that the configured Node does not do", async () => {
    await expect(ensurePlatform(place({ nodePath: "/no/such/node" }).options, never)).rejects.toMatchObject({
      code: "node-missing",
      message: expect.stringContaining("/no/such/node"),
    });
  });

  it("says so when it ends at once", async () => {
    const { root } = place();
    const platformBundle = path.join(root, "broken.cjs");
    writeFileSync(platformBundle, "throw new Error('broken installation');");

    await expect(ensurePlatform(place({ platformBundle }).options, never)).rejects.toMatchObject({
      code: "platform-unreachable",
      message: expect.stringContaining("ended at once"),
    });
  });
});

it("an invocation that the platform has no room for is throttled, and counted", async () => {
  const { options, root } = place();
  mkdirSync(options.folder, { recursive: true });
  const limits = ["--data", options.folder, "--max-concurrency", "1"];
  const platform = spawn(process.execPath, [options.platformBundle, ...limits], { stdio: "ignore" });
  onTestFinished(() => void platform.kill("SIGKILL"));
  await expect.poll(() => findPlatform(options.folder, never), { timeout: 120_000 }).toBeDefined();
  const provider = createLocalProvider(options);
  const started = path.join(root, "started");
  const release = path.join(root, "release");
  await deploy(provider, root, "crowded", waitsForRelease({ started, release }));

  const first = provider.invoke("crowded", { kind: "event", event: {} }, never);
  await expect.poll(() => existsSync(started), { timeout: 120_000 }).toBe(true);
  await expect(provider.invoke("crowded", { kind: "event", event: {} }, never)).rejects.toMatchObject({
    code: "invocation-throttled",
    message: expect.stringContaining("was not run"),
  });
  writeFileSync(release, "");

  expect(await first).toMatchObject({ result: "done" });
  expect(await provider.metrics("crowded", never)).toMatchObject({ throttles: 1 });
});

describe("a platform that is killed", () => {
  it("during an invocation: the function may have run, and the next invocation works", async () => {
    const { options, root } = place();
    const provider = createLocalProvider(options);
    const started = path.join(root, "started");
    await deploy(
      provider,
      root,
      "in-flight",
      `import { writeFileSync } from "node:fs";
       export const handler = async (event) => event.wait
         ? (writeFileSync(${JSON.stringify(started)}, ""), new Promise((resolve) => setTimeout(resolve, 15_000)))
         : "fine";`,
    );
    const { info } = await ensurePlatform(options, never);

    const invocation = provider.invoke("in-flight", { kind: "event", event: { wait: true } }, never);
    const outcome = invocation.catch((error: unknown) => error);
    await expect.poll(() => existsSync(started), { timeout: 120_000 }).toBe(true);
    process.kill(info.pid, "SIGKILL");

    expect(await outcome).toMatchObject({
      code: "platform-unreachable",
      message: expect.stringContaining("may have run"),
    });
    expect(await provider.invoke("in-flight", { kind: "event", event: {} }, never)).toMatchObject({ result: "fine" });
  });

  it("during deployments: each ends with a clear error or well, and doing it again succeeds", async () => {
    const { options, root } = place();
    const provider = createLocalProvider(options);
    await deploy(provider, root, "victim", "export const handler = async () => 0;");
    const { info } = await ensurePlatform(options, never);

    const attempts = Array.from({ length: 20 }, (_, index) =>
      deploy(provider, root, `victim-${index}`, `export const handler = async () => ${index};`).then(
        () => "deployed",
        (error: unknown) => (error as { code?: string }).code,
      ),
    );
    await Promise.race(attempts);
    process.kill(info.pid, "SIGKILL");
    const outcomes = new Set(await Promise.all(attempts));

    expect([...outcomes].filter((outcome) => outcome !== "deployed" && outcome !== "platform-unreachable")).toEqual([]);
    for (const index of [0, 19]) {
      await deploy(provider, root, `victim-${index}`, `export const handler = async () => ${index};`);
      expect(await provider.invoke(`victim-${index}`, { kind: "event", event: {} }, never)).toMatchObject({
        result: index,
      });
    }
    expect(await provider.invoke("victim", { kind: "event", event: {} }, never)).toMatchObject({ result: 0 });
  });
});

function place(changes: Partial<LocalOptions> = {}): LocalPlace {
  const opened = openLocalPlace(changes);
  onTestFinished(() => opened[Symbol.asyncDispose]());
  return opened;
}

async function deploy(provider: FaasProvider, root: string, name: string, handler: string) {
  return provider.deploy(
    {
      function: { file: "/src/test.ts", name: "handler" },
      name,
      artifact: await makeArtifact(path.join(root, "artifacts"), handler),
      configuration: { memoryMb: 256, timeoutMs: 20_000, environment: {} },
    },
    never,
  );
}

/** Until the process has ended and been reaped. */
async function gone(pid: number): Promise<void> {
  await expect
    .poll(
      () => {
        try {
          return process.kill(pid, 0);
        } catch {
          return false;
        }
      },
      { timeout: 120_000 },
    )
    .toBe(false);
}

/** A function that makes the file `started`, and returns once there is the file `release`. */
function waitsForRelease({ started, release }: { readonly started: string; readonly release: string }): string {
  return `import { existsSync, writeFileSync } from "node:fs";
    export const handler = async () => {
      writeFileSync(${JSON.stringify(started)}, "");
      while (!existsSync(${JSON.stringify(release)})) await new Promise((resolve) => setTimeout(resolve, 10));
      return "done";
    };`;
}
