/** What every provider must do, whatever it is. A provider's test file calls {@link testFaasProvider}. */
import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Artifact } from "../../src/core/artifact.ts";
import { keepArtifact } from "../../src/packager/artifact-folder.ts";
import { zipFiles } from "../../src/packager/zip.ts";
import type { DeployOutcome, DeployRequest, FaasProvider, FunctionConfiguration } from "../../src/deploy/provider.ts";

export interface ProviderUnderTest extends AsyncDisposable {
  readonly provider: FaasProvider;
  /** Absolute path of a folder of its own, for artifacts. */
  readonly artifactFolder: string;
  /** Why nothing that is invoked there really runs; absent where it does. */
  readonly pretends?: string;
  /** What the thing behind the provider does otherwise than what it stands for, and why that is not ours to mend. */
  readonly lacks?: Readonly<Partial<Record<"version-guards" | "unknown-versions", string>>>;
}

/** Skips what cannot be seen there, with the reason. */
export function needs(
  { pretends, lacks = {} }: ProviderUnderTest,
  skip: (condition: boolean, note?: string) => void,
  what: "invocations" | keyof NonNullable<ProviderUnderTest["lacks"]>,
): void {
  const reason = what === "invocations" ? pretends : lacks[what];
  skip(reason !== undefined, reason);
}

const never = new AbortController().signal;
const configuration: FunctionConfiguration = { memoryMb: 256, timeoutMs: 20_000, environment: {} };

/** @param handler - the text of an ES module that exports `handler` */
export async function makeArtifact(artifactFolder: string, handler: string): Promise<Artifact> {
  const buildId = createHash("sha256").update(handler).digest("hex").slice(0, 16);
  const description = { buildId, function: "test.ts#handler", handler: "index.handler" };
  const zip = zipFiles({ "index.mjs": Buffer.from(handler), "faasify.json": Buffer.from(JSON.stringify(description)) });
  const sha256 = createHash("sha256").update(zip).digest("base64");
  return keepArtifact(artifactFolder, {
    zip,
    sourceMap: `{"version":3,"sources":[],"mappings":""}`,
    facts: { handler: "index.handler", bytes: zip.byteLength, sha256, buildId, debug: false, inputs: ["/src/test.ts"] },
  });
}

/** @param handler - the text of an ES module that exports `handler` */
export async function deployHandler(
  { provider, artifactFolder }: ProviderUnderTest,
  name: string,
  handler: string,
): Promise<DeployOutcome> {
  const artifact = await makeArtifact(artifactFolder, handler);
  return provider.deploy({ function: { file: "/src/test.ts", name: "handler" }, name, artifact, configuration }, never);
}

export function testFaasProvider(title: string, open: () => Promise<ProviderUnderTest>): void {
  describe(`the provider ${title}`, () => {
    let opened: ProviderUnderTest;
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(() => opened[Symbol.asyncDispose]());

    const request = async (
      name: string,
      handler: string,
      changes: Partial<FunctionConfiguration> = {},
    ): Promise<DeployRequest> => ({
      function: { file: "/src/test.ts", name: "handler" },
      name,
      artifact: await makeArtifact(opened.artifactFolder, handler),
      configuration: { ...configuration, ...changes },
    });
    const deploy = async (...args: Parameters<typeof request>) => opened.provider.deploy(await request(...args), never);
    const send = (name: string, event: unknown) => opened.provider.invoke(name, { kind: "event", event }, never);

    describe("deploying", () => {
      it("tells everything that is needed to find the function again", async () => {
        const wanted = await request("find-again", "export const handler = async () => 1;");

        const { deployment, unchanged } = await opened.provider.deploy(wanted, never);

        expect(unchanged).toBe(false);
        expect(deployment).toMatchObject({
          function: wanted.function,
          target: opened.provider.id,
          name: "find-again",
          sha256: wanted.artifact.sha256,
          buildId: wanted.artifact.buildId,
          artifactBytes: wanted.artifact.bytes,
          configuration,
          inputs: wanted.artifact.inputs,
          sourceMapPath: wanted.artifact.sourceMapPath,
        });
        expect(deployment.id).not.toBe("");
        expect(Date.parse(deployment.deployedAt)).toBeGreaterThan(Date.now() - 60_000);
        expect(await opened.provider.list(never)).toContain("find-again");
      });

      it("twice changes nothing", async () => {
        await deploy("twice", "export const handler = async () => 1;");

        expect(await deploy("twice", "export const handler = async () => 1;")).toMatchObject({ unchanged: true });
      });

      it("replaces the code before it resolves", async ({ skip }) => {
        needs(opened, skip, "invocations");
        await deploy("replaced", "export const handler = async () => 'old';");
        expect((await send("replaced", {})).result).toBe("old");

        const { unchanged } = await deploy("replaced", "export const handler = async () => 'new';");

        expect(unchanged).toBe(false);
        expect((await send("replaced", {})).result).toBe("new");
      });

      it("replaces the configuration alone, too", async ({ skip }) => {
        needs(opened, skip, "invocations");
        const handler = "export const handler = async () => process.env.MODE ?? null;";
        await deploy("configured", handler);
        expect((await send("configured", {})).result).toBeNull();

        const { unchanged } = await deploy("configured", handler, { environment: { MODE: "b" }, memoryMb: 300 });

        expect(unchanged).toBe(false);
        expect((await send("configured", {})).result).toBe("b");
        expect(await deploy("configured", handler, { environment: { MODE: "b" }, memoryMb: 300 })).toMatchObject({
          unchanged: true,
        });
      });

      it("of the same function by several clients at once ends well for all", async () => {
        const requests = Array.from({ length: 4 }, () => deploy("at-once", "export const handler = async () => 1;"));

        await expect(Promise.all(requests)).resolves.toHaveLength(4);
        expect((await opened.provider.list(never)).filter((name) => name === "at-once")).toHaveLength(1);
      });
    });

    describe("invoking", () => {
      beforeEach(({ skip }) => needs(opened, skip, "invocations"));

      it("carries an event there and the result back, with what the platform measured", async () => {
        await deploy(
          "echo",
          "export const handler = async (event) => { console.log('seen', event.n); return { echo: event }; };",
        );

        const first = await send("echo", { n: 1, text: "ünï ☃" });
        const second = await send("echo", { n: 2 });

        expect(first.result).toEqual({ echo: { n: 1, text: "ünï ☃" } });
        expect(first.coldStart).toBe(true);
        expect(second.coldStart).toBe(false);
        expect(second.requestId).not.toBe(first.requestId);
        expect(second.durationMs).toBeLessThanOrEqual(second.totalMs);
        expect(second.log.join("\n")).toMatch(/seen 2/);
        expect(second.log.at(-1)).toMatch(/^REPORT RequestId: /);
      });

      it("gives the whole log of an invocation, however much it prints", async () => {
        await deploy(
          "talkative",
          "export const handler = async () => { for (let n = 0; n < 300; n++) console.log('line', n, 'x'.repeat(50)); };",
        );
        await send("talkative", {});

        const { log } = await send("talkative", {});

        expect(log[0]).toMatch(/^START RequestId: /);
        expect(log.filter((line) => line.includes("line "))).toHaveLength(300);
        expect(log.at(-1)).toMatch(/^REPORT RequestId: /);
      });

      it("wraps arguments into a FaaSify call and unwraps the answer", async () => {
        await deploy(
          "call",
          "export const handler = async (event) => event.args.length > 0 ? { faasify: 1, result: event.args } : { faasify: 1 };",
        );
        const call = (args: readonly unknown[]) =>
          opened.provider.invoke("call", { kind: "arguments", arguments: args }, never);

        expect((await call([1, "a", null])).result).toEqual([1, "a", null]);
        expect((await call([])).result).toBeNull();
      });

      it("refuses arguments for a function that does not take them", async () => {
        await deploy("no-call", "export const handler = async () => 'plain';");

        const call = opened.provider.invoke("no-call", { kind: "arguments", arguments: [1] }, never);
        await expect(call).rejects.toMatchObject({
          code: "invocation-failed",
          remedy: expect.stringContaining("event"),
        });
      });

      it("of a function that throws is a result with its name, message and stack", async () => {
        await deploy(
          "throws",
          "class OutOfStock extends Error { name = 'OutOfStock'; }\nexport const handler = async () => { throw new OutOfStock('none left'); };",
        );

        const { error, result } = await send("throws", {});

        expect(result).toBeUndefined();
        expect(error).toMatchObject({ name: "OutOfStock", message: "none left" });
        expect(error?.stack.join("\n")).toMatch(/index\.mjs:2/);
      });

      it.each([
        [
          "never returns",
          "export const handler = async () => new Promise(() => { setInterval(() => {}, 1000); });",
          /timed out/,
        ],
        ["blocks", "export const handler = async () => { for (;;); };", /timed out/],
        ["exits", "export const handler = async () => process.exit(3);", /exit/i],
        ["does not load", "throw new Error('at load'); export const handler = 1;", /at load/],
        [
          "exhausts memory",
          "export const handler = async () => { const kept = []; for (;;) kept.push(Array.from({ length: 1e5 }, Math.random)); };",
          /./,
        ],
      ])("of a function that %s is an error, and the next one is served", async (title, handler, message) => {
        const name = `bad-${title.replaceAll(" ", "-")}`;
        await deploy(name, handler, { timeoutMs: 2000, memoryMb: 128 });

        const { error } = await send(name, {});
        expect(error?.message).toMatch(message);

        await deploy(name, "export const handler = async () => 'well again';");
        expect((await send(name, {})).result).toBe("well again");
      });

      it("says which value the function could not return", async () => {
        await deploy(
          "not-portable",
          "export const handler = async () => { throw Object.assign(new TypeError('result.when is a Date'), { name: 'ValueNotPortable' }); };",
        );

        await expect(send("not-portable", {})).rejects.toMatchObject({
          code: "value-not-portable",
          message: expect.stringContaining("result.when"),
        });
      });

      it("refuses an input over the platform's limit", async () => {
        await deploy("large", "export const handler = async () => 1;");

        await expect(send("large", "x".repeat(7 * 1024 * 1024))).rejects.toMatchObject({ code: "bad-arguments" });
      });

      it("what is not there says so", async () => {
        await expect(send("never-deployed", {})).rejects.toMatchObject({
          code: "function-not-deployed",
          remedy: expect.stringContaining("Deploy"),
        });
      });

      it("ends with the reason when aborted in flight", async () => {
        await deploy(
          "slow",
          "export const handler = async () => new Promise((resolve) => setTimeout(resolve, 15_000));",
        );
        const abort = new AbortController();
        const reason = new Error("cancelled by the user");

        const invocation = opened.provider.invoke("slow", { kind: "event", event: {} }, abort.signal);
        setImmediate(() => abort.abort(reason));

        await expect(invocation).rejects.toBe(reason);
      });
    });

    describe("looking", () => {
      beforeEach(({ skip }) => needs(opened, skip, "invocations"));

      it("finds the log by line, by time and by count", async () => {
        await deploy("logged", "export const handler = async (event) => { console.log('line', event.n); };");
        const before = Date.now();
        await send("logged", { n: 1 });
        await send("logged", { n: 2 });

        const all = await opened.provider.logs("logged", {}, never);
        const text = all.map(({ message }) => message).join("\n");
        expect(text).toMatch(/line 1[\s\S]*line 2/);
        expect(all.every(({ timestampMs }) => Math.abs(timestampMs - before) < 60_000)).toBe(true);
        expect(await opened.provider.logs("logged", { limit: 1 }, never)).toHaveLength(1);
        expect(await opened.provider.logs("logged", { sinceMs: Date.now() + 60_000 }, never)).toEqual([]);
      });

      it("counts invocations, errors and cold starts", async () => {
        await deploy("counted", "export const handler = async (event) => { if (event.fail) throw new Error('x'); };");
        expect(await opened.provider.metrics("counted", never)).toEqual({
          name: "counted",
          invocations: 0,
          errors: 0,
          throttles: 0,
          coldStarts: 0,
        });

        for (const fail of [false, true, false]) await send("counted", { fail });

        const metrics = await opened.provider.metrics("counted", never);
        expect(metrics).toMatchObject({ invocations: 3, errors: 1, throttles: 0, coldStarts: 1 });
        expect(metrics.p50Ms).toBeGreaterThan(0);
        expect(metrics.p95Ms).toBeGreaterThanOrEqual(metrics.p50Ms ?? 0);
      });
    });

    it("removes a function, and succeeds when it is gone already", async () => {
      await deploy("removed", "export const handler = async () => 1;");

      await opened.provider.remove("removed", never);
      await opened.provider.remove("removed", never);

      expect(await opened.provider.list(never)).not.toContain("removed");
      const looked = opened.provider.logs("removed", {}, never);
      await expect(looked).rejects.toMatchObject({ code: "function-not-deployed" });
    });

    it("does nothing that was aborted before", async () => {
      const reason = new Error("cancelled");
      const aborted = AbortSignal.abort(reason);

      await expect(opened.provider.list(aborted)).rejects.toBe(reason);
      await expect(opened.provider.remove("x", aborted)).rejects.toBe(reason);
    });
  });
}
