/** What functions, users and strangers do wrong, against the real platform. */
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { createServer } from "node:net";
import path from "node:path";
import {
  DeleteFunctionCommand,
  GetFunctionCommand,
  InvokeCommand,
  UpdateFunctionCodeCommand,
} from "@aws-sdk/client-lambda";
import { describe, expect, it } from "vitest";
import { PLATFORM_INFO_FILE } from "../../src/protocol/platform-info.ts";
import {
  deploy,
  eventually,
  invoke,
  isAlive,
  makeZip,
  outcomeOf,
  signedFetch,
  spawnPlatform,
  startPlatform,
  temporaryFolder,
  type RunningPlatform,
} from "./platform-harness.ts";

const pidOf = "export const handler = async () => process.pid;";

describe("a function that misbehaves", () => {
  it("is killed at its timeout, whether it waits or spins, and serves again", async () => {
    await using platform = await startPlatform();
    await deploy(
      platform,
      "slow",
      "export const handler = async (e) => { if (e.spin) for (;;); if (e.wait) await new Promise((r) => setTimeout(r, 60000)); return 'fine'; };",
      { Timeout: 1 },
    );

    for (const event of [{ spin: 1 }, { wait: 1 }]) {
      const { value, error, log } = await invoke(platform, "slow", event);
      expect(error).toBe("Unhandled");
      expect(value).toEqual({
        errorType: "Sandbox.Timedout",
        errorMessage: expect.stringMatching(/^RequestId: [0-9a-f-]{36} Error: Task timed out after 1\.00 seconds$/),
      });
      expect(log).toMatch(/\d{4}-\d\d-\d\dT\S+Z [0-9a-f-]{36} Task timed out after 1\.00 seconds\n\nEND/);
    }
    expect((await invoke(platform, "slow")).value).toBe("fine");
  });

  it.each([
    ["process.exit(1)", "Runtime.ExitError", "Runtime exited with error: exit status 1"],
    ["process.exit(0)", "Runtime.ExitError", "Runtime exited without providing a reason"],
    [
      "process.kill(process.pid, 'SIGKILL'); await new Promise(() => setInterval(() => {}, 999))",
      "Runtime.ExitError",
      "signal: killed",
    ],
    [
      "process.kill(process.pid, 'SIGSEGV'); await new Promise(() => setInterval(() => {}, 999))",
      "Runtime.ExitError",
      "signal: segmentation fault",
    ],
    [
      "setTimeout(() => { throw new RangeError('late') }); await new Promise(() => setInterval(() => {}, 999))",
      "RangeError",
      "late",
    ],
    [
      "Promise.reject(new Error('lost')); await new Promise(() => setInterval(() => {}, 999))",
      "Runtime.UnhandledPromiseRejection",
      "Error: lost",
    ],
    ["void Promise.reject(new Error('lost'))", "Runtime.UnhandledPromiseRejection", "Error: lost"],
  ])("ends its own sandbox only: %s", async (source, errorType, message) => {
    await using platform = await startPlatform();
    await deploy(
      platform,
      "ends",
      `export const handler = async (event) => { if (event.go) { ${source}; } return 'alive'; };`,
    );

    const { value, error } = await invoke(platform, "ends", { go: 1 });

    expect(error).toBe("Unhandled");
    expect(value).toMatchObject({ errorType, errorMessage: expect.stringContaining(message) });
    expect((await invoke(platform, "ends")).value).toBe("alive");
  });

  it.each([
    ["JavaScript objects", "const all = []; for (;;) all.push(new Array(1000).fill(Math.random()));"],
    [
      "buffers",
      "const all = []; for (;;) { all.push(Buffer.alloc(4 << 20, 1)); await new Promise((r) => setTimeout(r, 5)); }",
    ],
  ])("is killed when it exhausts its memory with %s", async (_what, source) => {
    await using platform = await startPlatform();
    await deploy(platform, "hungry", `export const handler = async () => { ${source} };`, { Timeout: 50 });

    const { value, log } = await invoke(platform, "hungry");

    expect(value).toMatchObject({
      errorType: "Runtime.ExitError",
      errorMessage: expect.stringContaining("Runtime exited with error: signal: killed"),
    });
    expect(log).toContain("Memory Size: 128 MB\tMax Memory Used: 128 MB");
  });
});

describe("sandboxes", () => {
  it("are reused while warm, replaced by new code, and end when idle", async () => {
    await using platform = await startPlatform({ arguments: ["--idle-ms", "300"] });
    await deploy(platform, "warm", pidOf);
    const first = await invoke(platform, "warm");
    const second = await invoke(platform, "warm");
    await platform.client.send(
      new UpdateFunctionCodeCommand({ FunctionName: "warm", ZipFile: makeZip({ "index.mjs": `${pidOf} // new` }) }),
    );
    const third = await invoke(platform, "warm");

    expect(second.value).toBe(first.value);
    expect(third.value).not.toBe(first.value);
    await eventually("both sandboxes have ended", () =>
      isAlive(Number(first.value)) || isAlive(Number(third.value)) ? undefined : true,
    );
  });

  it("finish what is in flight when new code comes", async () => {
    await using platform = await startPlatform();
    await deploy(
      platform,
      "swap",
      "export const handler = async () => { await new Promise((r) => setTimeout(r, 400)); return 'old'; };",
    );
    const old = invoke(platform, "swap");
    await sandboxesRunning(platform);
    await platform.client.send(
      new UpdateFunctionCodeCommand({
        FunctionName: "swap",
        ZipFile: makeZip({ "index.mjs": "export const handler = async () => 'new';" }),
      }),
    );

    expect((await invoke(platform, "swap")).value).toBe("new");
    expect((await old).value).toBe("old");
  });

  it("run invocations side by side, each in its own", async () => {
    await using platform = await startPlatform();
    // Each invocation waits until the others run too: they can only end if they run at the same time.
    await deploy(
      platform,
      "meet",
      `import fs from "node:fs";
       export const handler = async ({ folder, id, count }) => {
         fs.writeFileSync(folder + "/" + id, "");
         while (fs.readdirSync(folder).length < count) await new Promise((r) => setTimeout(r, 5));
         return process.pid;
       };`,
      { Timeout: 50 },
    );
    const folder = path.join(platform.folder, "meeting");
    mkdirSync(folder);

    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, id) => invoke(platform, "meet", { folder, id, count: 6 })),
    );

    expect(new Set(answers.map(({ value }) => value)).size).toBe(6);
  });

  it("are limited in number: what comes on top is throttled", async () => {
    await using platform = await startPlatform({ arguments: ["--max-concurrency", "1"] });
    await deploy(
      platform,
      "one",
      "export const handler = async () => { await new Promise((r) => setTimeout(r, 500)); };",
    );
    const running = invoke(platform, "one");
    await sandboxesRunning(platform);

    await expect(invoke(platform, "one")).rejects.toMatchObject({
      name: "TooManyRequestsException",
      Reason: "ConcurrentInvocationLimitExceeded",
      $metadata: { httpStatusCode: 429 },
    });
    await running;
    const metrics = await (await signedFetch(platform.info, "GET", "/_faasify/functions/one/metrics")).json();
    expect(metrics).toMatchObject({
      name: "one",
      invocations: 1,
      errors: 0,
      throttles: 1,
      coldStarts: 1,
      p50Ms: expect.any(Number),
    });
  });

  it("are stopped between invocations when that is asked for, and go on with the next", async () => {
    await using platform = await startPlatform({ arguments: ["--freeze"] });
    await deploy(platform, "frozen", pidOf);
    const stateOf = (pid: number): string | undefined => /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1];

    for (const _again of [1, 2]) {
      const pid = Number((await invoke(platform, "frozen")).value);
      if (process.platform === "linux") {
        await eventually("it is stopped", () => (stateOf(pid) === "T" ? true : undefined));
      }
      expect((await invoke(platform, "frozen")).value).toBe(pid);
    }
  });

  it("have as much room in /tmp as they are given", async () => {
    await using platform = await startPlatform();
    await deploy(
      platform,
      "writes",
      `import { appendFileSync } from "node:fs";
       export const handler = async ({ mb }) => {
         for (let index = 0; index < mb; index += 1) appendFileSync(process.env.TMPDIR + "/big", Buffer.alloc(1 << 20));
         await new Promise((resolve) => setTimeout(resolve, mb > 512 ? 60_000 : 0));
         return "written";
       };`,
      { MemorySize: 512, Timeout: 120 },
    );

    expect((await invoke(platform, "writes", { mb: 5 })).value).toBe("written");
    expect(await invoke(platform, "writes", { mb: 520 })).toMatchObject({
      error: "Unhandled",
      value: {
        errorType: "Runtime.ExitError",
        errorMessage: expect.stringMatching(/No space left on device: \d+ MB in \/tmp, of 512 MB ephemeral storage/),
      },
    });
    expect((await invoke(platform, "writes", { mb: 1 })).value).toBe("written");
  });

  it("have a temporary folder of their own, which goes with them", async () => {
    await using platform = await startPlatform({ arguments: ["--idle-ms", "100"] });
    await deploy(platform, "temp", "import os from 'node:os'; export const handler = async () => os.tmpdir();");
    const folder = String((await invoke(platform, "temp")).value);

    expect(folder.startsWith(platform.folder)).toBe(true);
    await eventually("the folder is gone", () => (existsSync(folder) ? undefined : true));
  });

  it("stand still between invocations unless a debugger is configured", async () => {
    await using platform = await startPlatform();
    const source =
      "let ticks = 0; setInterval(() => { ticks += 1; }, 1).unref(); export const handler = async () => ticks;";
    await deploy(platform, "frozen", source);
    await deploy(platform, "awake", source, { Environment: { Variables: { FAASIFY_DEBUG: "ws://127.0.0.1:9/x#y" } } });
    for (const name of ["frozen", "awake"]) await invoke(platform, name);

    await eventually("the timer of the one that stays awake ticks", async () =>
      Number((await invoke(platform, "awake")).value) > 20 ? true : undefined,
    );
    expect(Number((await invoke(platform, "frozen")).value)).toBeLessThan(20);
  });
});

describe("kill -9 of the platform", () => {
  it("ends the invocation for its caller, leaves no sandbox behind and loses no function", async () => {
    const folder = temporaryFolder();
    try {
      const platform = await startPlatform({ folder });
      await deploy(
        platform,
        "spin",
        "import fs from 'node:fs'; export const handler = async (e) => { if (e.file) { fs.writeFileSync(e.file, String(process.pid)); for (;;); } return 'kept'; };",
        {
          Timeout: 60,
        },
      );
      const file = path.join(folder, "pid");
      const running = platform.client.send(
        new InvokeCommand({ FunctionName: "spin", Payload: JSON.stringify({ file }) }),
      );
      const failed = running.catch((error: unknown) => error);
      const pid = await eventually(
        "the function runs",
        () => (existsSync(file) && Number(readFileSync(file, "utf8"))) || undefined,
      );
      await platform.kill();

      expect(await failed).toBeInstanceOf(Error);
      await eventually("the sandbox has ended", () => (isAlive(pid) ? undefined : true));
      await using again = await startPlatform({ folder });
      expect(again.info.endpoint).toBe(platform.info.endpoint);
      expect(again.info.secretAccessKey).toBe(platform.info.secretAccessKey);
      expect((await invoke(again, "spin")).value).toBe("kept");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("in the middle of deployments leaves every acknowledged one, and no half one", async () => {
    const folder = temporaryFolder();
    try {
      const acknowledged: string[] = [];
      const platform = await startPlatform({ folder });
      const deploying = (async () => {
        for (let index = 0; ; index += 1) {
          await deploy(
            platform,
            `many-${index}`,
            `export const handler = async () => ${index}; // ${"x".repeat(50_000)}`,
          );
          acknowledged.push(`many-${index}`);
        }
      })();
      const ended = deploying.catch((error: unknown) => error);
      await eventually("some are deployed", () => (acknowledged.length >= 10 ? true : undefined));
      await platform.kill();
      expect(await ended).toBeInstanceOf(Error);

      await using again = await startPlatform({ folder });
      const last = acknowledged.at(-1) ?? "";
      expect((await invoke(again, last)).value).toBe(acknowledged.length - 1);
      expect(readdirSync(path.join(folder, "code")).filter((entry) => entry.startsWith("draft"))).toEqual([]);
      for (const name of acknowledged) await again.client.send(new GetFunctionCommand({ FunctionName: name }));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe("state that somebody touched", () => {
  it("fails only the function whose code is gone, until it is deployed again", async () => {
    await using platform = await startPlatform();
    await deploy(platform, "gone", pidOf);
    await deploy(platform, "kept", `${pidOf} // other`);
    const code = path.join(platform.folder, "code");
    const { Configuration } = await platform.client.send(new GetFunctionCommand({ FunctionName: "gone" }));
    rmSync(path.join(code, Buffer.from(Configuration?.CodeSha256 ?? "", "base64").toString("hex")), {
      recursive: true,
    });

    await expect(invoke(platform, "gone")).rejects.toMatchObject({ name: "ResourceNotFoundException" });
    expect((await invoke(platform, "kept")).error).toBeUndefined();
    const ZipFile = makeZip({ "index.mjs": pidOf });
    await platform.client.send(new UpdateFunctionCodeCommand({ FunctionName: "gone", ZipFile }));
    expect((await invoke(platform, "gone")).error).toBeUndefined();
  });
});

describe("starting and ending", () => {
  it("keeps its secrets to the user, and removes platform.json at the end", async () => {
    const folder = temporaryFolder();
    try {
      const platform = await startPlatform({ folder });
      const file = path.join(folder, PLATFORM_INFO_FILE);
      expect(statSync(file).mode & 0o077).toBe(0);
      await deploy(platform, "any", pidOf);
      await invoke(platform, "any");
      for (const name of readdirSync(folder))
        expect(`${name} ${statSync(path.join(folder, name)).mode & 0o077}`).toBe(`${name} 0`);
      const exited = once(platform.process, "exit");
      const answer = await signedFetch(platform.info, "POST", "/_faasify/shutdown");

      expect(answer.status).toBe(202);
      expect(await exited).toEqual([0, null]);
      expect(existsSync(file)).toBe(false);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("lets the invocation in flight finish when it is asked to end", async () => {
    await using platform = await startPlatform();
    await deploy(
      platform,
      "last",
      "export const handler = async () => { await new Promise((r) => setTimeout(r, 500)); return 'done'; };",
    );
    const running = invoke(platform, "last");
    await sandboxesRunning(platform);
    platform.process.kill("SIGTERM");

    expect((await running).value).toBe("done");
  });

  it("yields to the platform that serves the folder already", async () => {
    await using platform = await startPlatform();

    const second = await outcomeOf(spawnPlatform(platform.folder));

    expect(second).toEqual({ status: 0, stderr: "" });
    expect((await signedFetch(platform.info, "GET", "/_faasify/status")).status).toBe(200);
  });

  it("says when the port is taken, and takes another one when none was asked for", async () => {
    const folder = temporaryFolder();
    const holder = createServer();
    try {
      const platform = await startPlatform({ folder });
      await platform.kill();
      const port = Number(new URL(platform.info.endpoint).port);
      holder.listen(port, "127.0.0.1");
      await once(holder, "listening");

      const refused = await outcomeOf(spawnPlatform(folder, ["--port", String(port)]));
      expect(refused).toEqual({
        status: 3,
        stderr: expect.stringMatching(
          new RegExp(`^error port-taken: Port ${port} on 127\\.0\\.0\\.1 is used by another program\\. .+\\.\\n$`),
        ),
      });
      await using elsewhere = await startPlatform({ folder });
      expect(elsewhere.info.endpoint).not.toBe(platform.info.endpoint);
    } finally {
      holder.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("sets a damaged state file aside, and goes on with the functions and credentials that it had", async () => {
    const folder = temporaryFolder();
    try {
      const first = await startPlatform({ folder });
      await deploy(first, "kept", "export const handler = async () => 'kept';");
      await deploy(first, "gone", "export const handler = async () => 'gone';");
      await first.client.send(new DeleteFunctionCommand({ FunctionName: "gone" }));
      await first.kill();
      first.client.destroy();
      const file = path.join(folder, "state.db");
      writeFileSync(file, "this is not a database, and it is long enough to be taken for a damaged one. ".repeat(20));
      rmSync(`${file}-wal`, { force: true });
      const damaged = readFileSync(file);

      await using second = await startPlatform({ folder });

      expect(second.info).toMatchObject({
        accessKeyId: first.info.accessKeyId,
        secretAccessKey: first.info.secretAccessKey,
      });
      expect((await invoke(second, "kept")).value).toBe("kept");
      await expect(invoke(second, "gone")).rejects.toMatchObject({ name: "ResourceNotFoundException" });
      expect(readFileSync(`${file}.damaged-1`).equals(damaged)).toBe(true);
      expect(readFileSync(path.join(folder, "platform.log"), "utf8")).toContain("1 functions were rebuilt");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("says which state file is damaged when that happens again and again", async () => {
    const folder = temporaryFolder();
    try {
      const file = path.join(folder, "state.db");
      for (let number = 1; number <= 9; number += 1) writeFileSync(`${file}.damaged-${number}`, "");
      writeFileSync(file, "this is not a database, and it is long enough to be taken for a damaged one. ".repeat(20));
      const before = readFileSync(file);

      const { status, stderr } = await outcomeOf(spawnPlatform(folder));

      expect(status).toBe(3);
      expect(stderr).toMatch(
        /^error platform-state-corrupt: .+state\.db is damaged .+\. Move it away, for example with: mv .+\n$/,
      );
      expect(readFileSync(file).equals(before)).toBe(true);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("says when its folder cannot be written", async () => {
    const folder = temporaryFolder();
    try {
      writeFileSync(path.join(folder, "file"), "");

      const { status, stderr } = await outcomeOf(spawnPlatform(path.join(folder, "file", "data")));

      expect(status).toBe(3);
      expect(stderr).toMatch(/^error platform-state-not-writable: .+\n$/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it.each([[["--port", "http"]], [["--nonsense"]]])("explains wrong usage: %j", async (wrong) => {
    const { status, stderr } = await outcomeOf(spawnPlatform("/nowhere", wrong));

    expect(status).toBe(2);
    expect(stderr).toMatch(/^error wrong-usage: .+ Use: platform\.cjs --data FOLDER/);
  });
});

describe("a stranger", () => {
  it.each([
    ["a web page", { Origin: "http://evil.example" }],
    ["a rebound name", { Host: "evil.example" }],
  ])("that is %s is refused", async (_who, headers) => {
    await using platform = await startPlatform();
    const { port } = new URL(platform.info.endpoint);

    const status = await new Promise((resolve, reject) => {
      request({ host: "127.0.0.1", port, path: "/2015-03-31/functions", headers }, (response) =>
        resolve(response.resume().statusCode),
      )
        .on("error", reject)
        .end();
    });

    expect(status).toBe(403);
  });

  it("that speaks no HTTP, or sends too much, does no harm", async () => {
    await using platform = await startPlatform();
    const { port } = new URL(platform.info.endpoint);
    const socket = (await import("node:net")).connect(Number(port), "127.0.0.1").resume();
    socket.write("\u0016\u0003\u0001nonsense\r\n\r\n");
    await once(socket, "close");
    const huge = await fetch(`${platform.info.endpoint}/2015-03-31/functions`, {
      method: "POST",
      body: Buffer.alloc(71_000_000),
    }).then(
      ({ status }) => status,
      () => "closed",
    );

    expect([403, "closed"]).toContain(huge);
    expect((await signedFetch(platform.info, "GET", "/_faasify/status")).status).toBe(200);
  });
});

async function sandboxesRunning(platform: RunningPlatform): Promise<void> {
  await eventually("a sandbox runs", async () => {
    const { sandboxes } = (await (await signedFetch(platform.info, "GET", "/_faasify/status")).json()) as {
      sandboxes: number;
    };
    return sandboxes > 0 ? true : undefined;
  });
}
