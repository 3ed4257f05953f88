/** What would take a platform down that others rely on: hostile requests, floods, and resources that run out. */
import { execFileSync, spawnSync } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from "node:fs";
import { request } from "node:http";
import path from "node:path";
import { InvokeCommand } from "@aws-sdk/client-lambda";
import { describe, expect, it } from "vitest";
import {
  deploy,
  eventually,
  invoke,
  isAlive,
  signedFetch,
  startPlatform,
  temporaryFolder,
  type RunningPlatform,
} from "./platform-harness.ts";

interface Answered {
  readonly status: number | undefined;
  readonly type: string | undefined;
}

/** Announces a body and sends none of it. */
function post(platform: RunningPlatform, headers: Record<string, string>, bodyBytes: number): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      `${platform.info.endpoint}/2015-03-31/functions`,
      { method: "POST", headers: { ...headers, "Content-Length": bodyBytes } },
      ({ statusCode, headers: answered }) => {
        const type = answered["x-amzn-errortype"];
        resolve({ status: statusCode, type: type?.toString() });
        outgoing.destroy();
      },
    );
    outgoing.on("error", reject);
    outgoing.flushHeaders();
  });
}

describe("a request", () => {
  it("that names what every object has as a signed header is refused, and ends nothing", async () => {
    await using platform = await startPlatform();
    const date = new Date().toISOString().replaceAll(/[-:]|\.\d{3}/g, "");
    const scope = `${platform.info.accessKeyId}/${date.slice(0, 8)}/us-east-1/lambda/aws4_request`;

    for (const name of ["constructor", "__proto__", "valueof"]) {
      const authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=${name};host;x-amz-date, Signature=${"0".repeat(64)}`;
      const answer = await post(platform, { authorization, "x-amz-date": date }, 0);
      expect(answer).toMatchObject({ status: 403, type: "InvalidSignatureException" });
    }
    expect((await signedFetch(platform.info, "GET", "/_faasify/status")).status).toBe(200);
  });

  it("without our credentials is refused before its body is read", async () => {
    await using platform = await startPlatform();

    expect(await post(platform, {}, 60_000_000)).toMatchObject({
      status: 403,
      type: "MissingAuthenticationTokenException",
    });
  });
});

describe("a function that prints without end", () => {
  it("gets its result, and fills nobody's memory", async () => {
    await using platform = await startPlatform();
    await deploy(
      platform,
      "flood",
      "export const handler = async ({ size, count }) => { for (let i = 0; i < count; i++) console.log('x'.repeat(size)); return 'done'; };",
      { MemorySize: 1024, Timeout: 60 },
    );

    const oneLine = await invoke(platform, "flood", { size: 70_000_000, count: 1 });
    const many = await invoke(platform, "flood", { size: 250_000, count: 800 });

    for (const { value, log } of [oneLine, many]) {
      expect(value).toBe("done");
      expect(log).toMatch(/x\nEND RequestId: .+\nREPORT RequestId: .+\n$/);
      expect(Buffer.byteLength(log)).toBe(4096);
    }
    if (process.platform !== "linux") return;
    const memory = readFileSync(`/proc/${platform.process.pid}/status`, "utf8");
    expect(Number(/VmRSS:\s+(\d+) kB/.exec(memory)?.[1])).toBeLessThan(600_000);
  });
});

describe.skipIf(process.platform === "win32")("a function that starts processes", () => {
  const starter = `import { spawn } from "node:child_process";
    export const handler = async ({ last }) => {
      const { pid } = spawn("sleep", ["600"], { stdio: "ignore" });
      console.log("child " + pid);
      if (last === "spin") for (;;);
      if (last === "exit") process.exit(0);
      return pid;
    };`;
  const childOf = (log: string): number => Number(/child (\d+)/.exec(log)?.[1]);

  it.each(["spin", "exit"])("leaves none behind when its sandbox ends: %s", async (last) => {
    await using platform = await startPlatform();
    await deploy(platform, "starter", starter, { Timeout: 1 });

    const { error, log } = await invoke(platform, "starter", { last });

    expect(error).toBe("Unhandled");
    await eventually("its child is gone", () => (isAlive(childOf(log)) ? undefined : true));
  });

  it("leaves none behind when the platform ends, or is killed", async () => {
    const folder = temporaryFolder();
    try {
      for (const signal of ["SIGTERM", "SIGKILL"] as const) {
        const platform = await startPlatform({ folder });
        await deploy(platform, `starter-${signal}`, starter);
        const { value } = await invoke(platform, `starter-${signal}`);
        platform.process.kill(signal);
        await eventually("its child is gone", () => (isAlive(Number(value)) ? undefined : true));
        await platform[Symbol.asyncDispose]();
        expect(isAlive(Number(value))).toBe(false);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("signals itself, not the platform, when it signals its group", async () => {
    await using platform = await startPlatform();
    await deploy(platform, "signals", "export const handler = async () => { process.kill(0, 'SIGKILL'); };");

    expect((await invoke(platform, "signals")).error).toBe("Unhandled");
    expect((await signedFetch(platform.info, "GET", "/_faasify/status")).status).toBe(200);
  });
});

describe.skipIf(process.platform === "win32")("a function that will not end", () => {
  const stubborn = `process.on("SIGTERM", () => {}); process.on("SIGINT", () => {}); process.on("SIGHUP", () => {});
    export const handler = async ({ stay }) => { console.log("pid " + process.pid); if (stay) await new Promise(() => setInterval(() => {}, 999)); return process.pid; };`;

  it("at its timeout, though it ignores every signal that can be ignored", async () => {
    await using platform = await startPlatform();
    await deploy(platform, "stubborn", stubborn, { Timeout: 1 });

    const { error, log } = await invoke(platform, "stubborn", { stay: true });

    expect(error).toBe("Unhandled");
    const pid = Number(/pid (\d+)/.exec(log)?.[1]);
    await eventually("it has ended", () => (isAlive(pid) ? undefined : true));
  });

  it("when the platform ends", async () => {
    await using platform = await startPlatform();
    await deploy(platform, "stubborn", stubborn);
    const { value: pid } = await invoke(platform, "stubborn");
    const running = invoke(platform, "stubborn", { stay: true }).catch(() => undefined);

    await platform[Symbol.asyncDispose]();

    await running;
    expect(platform.process.exitCode).toBe(0);
    await eventually("it has ended", () => (isAlive(Number(pid)) ? undefined : true));
  });

  it("forks itself again and again: none is left when its time is over", async () => {
    await using platform = await startPlatform();
    // Each starts two more: as many as can in a second, had it not a limit of its own.
    const forks = `import { spawn } from "node:child_process";
      export const handler = async () => {
        const script = "a() { echo $$ >&2; sleep 600 & [ $1 -lt 5 ] && { a $(($1+1)) & a $(($1+1)) & }; wait; }; a 0";
        spawn("/bin/sh", ["-c", script], { stdio: ["ignore", "inherit", "inherit"] });
        await new Promise(() => setInterval(() => {}, 999));
      };`;
    await deploy(platform, "forks", forks, { Timeout: 2 });

    expect((await invoke(platform, "forks")).error).toBe("Unhandled");

    await eventually("no process of it is left", () => (forked().length === 0 ? true : undefined));
  });

  it("floods its standard output past the console, in one endless line", async () => {
    await using platform = await startPlatform();
    const flood = `import { writeSync } from "node:fs";
      const text = "y".repeat(65_536);
      const write = () => { for (let left = text.length; left > 0; ) try { left -= writeSync(1, text.slice(0, left)); } catch (error) { if (error.code !== "EAGAIN") throw error; } };
      export const handler = async () => { for (let i = 0; i < 1_600; i++) write(); return "done"; };`;
    await deploy(platform, "flood", flood, { MemorySize: 512, Timeout: 60 });

    expect((await invoke(platform, "flood")).value).toBe("done");
    if (process.platform !== "linux") return;
    const memory = readFileSync(`/proc/${platform.process.pid}/status`, "utf8");
    expect(Number(/VmRSS:\s+(\d+) kB/.exec(memory)?.[1])).toBeLessThan(600_000);
  });
});

// Limits and mounts as Linux has them.
describe.skipIf(process.platform !== "linux")("when something runs out", () => {
  it("file descriptors: says so to those who wait, and goes on afterwards", async () => {
    await using platform = await startPlatform();
    await deploy(
      platform,
      "slow",
      "export const handler = async ({ ms = 0 }) => new Promise((resolve) => setTimeout(resolve, ms, 'done'));",
    );
    const limit = (files: number): Buffer =>
      execFileSync("prlimit", [`--pid=${platform.process.pid}`, `--nofile=${files}:`]);
    const open = readdirSync(`/proc/${platform.process.pid}/fd`).length;

    limit(open + 12);
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, () =>
        invoke(platform, "slow", { ms: 500 }).then(
          ({ value }) => String(value),
          (error: Error) => `${error.name}: ${error.message}`,
        ),
      ),
    );
    limit(1024);

    expect(
      outcomes.filter((outcome) => outcome.startsWith("ServiceException: No sandbox could be started")),
    ).not.toEqual([]);
    expect((await invoke(platform, "slow")).value).toBe("done");
    expect(platform.process.exitCode).toBe(null);
  });

  it("the disk: functions run on, and their log is whole again once there is room", async ({ skip }) => {
    const folder = temporaryFolder();
    const disk = path.join(folder, "disk");
    mkdirSync(disk);
    if (!mountSmallDisk(disk)) {
      rmSync(folder, { recursive: true });
      skip("this user may not mount anything");
    }
    try {
      await using platform = await startPlatform({ folder: path.join(disk, "platform") });
      await deploy(platform, "talks", "export const handler = async (event) => { console.log(event); return event; };");
      await invoke(platform, "talks", "before");
      fill(disk);

      expect((await invoke(platform, "talks", "full")).value).toBe("full");
      await eventually(
        "the failure is noticed",
        () => /cannot be written|cannot be saved/.test(logOf(platform)) || undefined,
      );
      await expect(deploy(platform, "other", "export const handler = async () => 1;".repeat(500))).rejects.toThrow(
        /ENOSPC|full/,
      );
      expect((await invoke(platform, "talks", "still full")).value).toBe("still full");
      rmSync(path.join(disk, "filler"));
      await invoke(platform, "talks", "room");
      await eventually(
        "the log is written",
        () => readFunctionLog(platform, "talks").includes("INFO\\troom") || undefined,
      );

      for (const said of ["before", "full", "still full", "room"]) {
        expect(readFunctionLog(platform, "talks")).toContain(`INFO\\t${said}\\n`);
      }
      expect((await deploy(platform, "other", "export const handler = async () => 1;")).State).toBe("Active");
    } finally {
      execFileSync("umount", ["--lazy", disk]);
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe.skipIf(process.platform !== "linux")("events on a full disk", () => {
  it("are refused, and none that was accepted is lost", async ({ skip }) => {
    const folder = temporaryFolder();
    const disk = path.join(folder, "disk");
    mkdirSync(disk);
    if (!mountSmallDisk(disk)) {
      rmSync(folder, { recursive: true });
      skip("this user may not mount anything");
    }
    try {
      await using platform = await startPlatform({ folder: path.join(disk, "platform") });
      const seen = path.join(folder, "seen");
      await deploy(
        platform,
        "notes",
        `import { appendFileSync } from "node:fs";
         export const handler = async ({ number }) => appendFileSync(${JSON.stringify(seen)}, number + "\\n");`,
      );
      const accepted = new Set<string>();
      const refusals = new Set<string>();
      const send = async (first: number, count: number): Promise<void> => {
        for (let number = first; number < first + count; number += 1) {
          const Payload = JSON.stringify({ number, text: "z".repeat(20_000) });
          await platform.client
            .send(new InvokeCommand({ FunctionName: "notes", InvocationType: "Event", Payload }))
            .then(
              () => accepted.add(String(number)),
              (error: Error) => refusals.add(error.message.slice(0, 27)),
            );
        }
      };
      await send(0, 20);
      fill(disk);
      await send(100, 40);
      rmSync(path.join(disk, "filler"));
      await eventually("events are accepted again", async () => {
        const before = accepted.size;
        await send(1_000 + before, 1);
        return accepted.size > before || undefined;
      });

      expect([...refusals]).toEqual(["The event cannot be kept: E"]);
      await eventually("all have run", () => {
        const ran = new Set(existsSync(seen) ? readFileSync(seen, "utf8").split("\n") : []);
        return [...accepted].every((number) => ran.has(number)) || undefined;
      });
    } finally {
      execFileSync("umount", ["--lazy", disk]);
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

/** By what they are called: orphans of a sandbox are nobody's children. */
function forked(): readonly string[] {
  const rows = execFileSync("ps", ["-A", "-o", "args="], { encoding: "utf8" }).split("\n");
  return rows.filter((row) => row.includes("a() { echo $$"));
}

/** False where this user may not mount anything. */
function mountSmallDisk(folder: string): boolean {
  return spawnSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", folder]).status === 0;
}

function fill(disk: string): void {
  const file = openSync(path.join(disk, "filler"), "w");
  try {
    for (;;) writeSync(file, Buffer.alloc(4096));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  } finally {
    closeSync(file);
  }
}

const logOf = ({ folder }: RunningPlatform): string => {
  const file = path.join(folder, "platform.log");
  return existsSync(file) ? readFileSync(file, "utf8") : "";
};

const readFunctionLog = ({ folder }: RunningPlatform, name: string): string =>
  readFileSync(path.join(folder, "logs", `${name}.log`), "utf8");
