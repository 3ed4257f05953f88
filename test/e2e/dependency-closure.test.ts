/** What a function needs besides its own code, really deployed by the built command line: packages, files, environment. */
import { mkdirSync, readdirSync, readFileSync, symlinkSync, unlinkSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openCliPlace, type CliPlace } from "./cli-harness.ts";

const files = {
  "package.json": `{ "type": "module" }`,
  "src/reads.ts": `import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
export const rate = (): number => Number(readFileSync(new URL("./data/rate.txt", import.meta.url), "utf8"));
export const names = (): string[] => readdirSync(path.join(import.meta.dirname, "data"));
export const missing = (): string => readFileSync(new URL("./data/gone.txt", import.meta.url), "utf8");
export const any = (name: string): string => readFileSync(new URL(name, import.meta.url), "utf8");
`,
  "src/data/rate.txt": "3",
  "src/native.ts": `import { crc32 } from "@node-rs/crc32";
export function sum(text: string): number {
  const before = text.trim();
  return crc32(before);
}
`,
  "src/odd.ts": `import { describe } from "odd";
export function f(n: number): string {
  const text = describe(n);
  return text + "!";
}
`,
  "node_modules/odd/package.json": `{ "name": "odd", "version": "2.0.0", "type": "module", "exports": "./index.mjs" }`,
  "node_modules/odd/index.mjs": `import { readFileSync } from "node:fs";
export function describe(n) {
  if (n < 0) throw new RangeError("below zero");
  return readFileSync(new URL("./text.txt", import.meta.url), "utf8") + n;
}
`,
  "node_modules/odd/text.txt": "odd ",
  "src/environment.ts": `export const f = (): unknown[] => [process.env.STAGE, process.env.API_KEY, process.env.OTHER].map((value) => value ?? null);\n`,
};

let place: CliPlace;
beforeAll(() => {
  place = openCliPlace(files, { STAGE: "test", API_KEY: "hidden", OTHER_NAME: "x" });
  mkdirSync(path.join(place.project, "node_modules"), { recursive: true });
  symlinkSync(path.resolve("node_modules/@node-rs"), path.join(place.project, "node_modules/@node-rs"));
});
afterAll(() => place[Symbol.asyncDispose]());

const invoke = async (id: string, ...args: readonly unknown[]): Promise<unknown> => {
  const { result } = await place.json("invoke", id, "--args", JSON.stringify(args));
  return result;
};

interface DeployedFact {
  readonly packages?: readonly object[];
  readonly assets?: readonly string[];
  readonly environment?: object;
  readonly unchanged: boolean;
}

const deploy = async (...args: readonly string[]): Promise<DeployedFact> => {
  const { deployments } = (await place.json("deploy", ...args)) as { deployments: readonly DeployedFact[] };
  if (!deployments[0]) throw new Error("nothing was deployed");
  return deployments[0];
};

describe("packages that cannot be bundled", () => {
  it("are a native addon, which runs where it is deployed and is told of", async () => {
    const { packages } = await deploy("src/native.ts#sum");
    const { stdout } = await place.run("deploy", "src/native.ts#sum");

    expect(packages).toMatchObject([
      { name: "@node-rs/crc32", reason: "has a native addon" },
      { place: expect.stringContaining("crc32-") },
    ]);
    expect(stdout).toMatch(/package @node-rs\/crc32 [\d.]+ is shipped as it is: it has a native addon\n/);
    expect(await invoke("src/native.ts#sum", " hello ")).toBe(907_060_870);
  });

  it("read files beside themselves; their errors name their own lines", async () => {
    expect(await deploy("src/odd.ts#f")).toMatchObject({
      packages: [{ name: "odd", version: "2.0.0", place: "node_modules/odd", reason: "uses its own place on disk" }],
    });
    expect(await invoke("src/odd.ts#f", 1)).toBe("odd 1!");
    const { status, stderr } = await place.run("invoke", "src/odd.ts#f", "--args", "[-1]");

    expect(status).toBe(1);
    expect(stderr).toMatch(/at describe .*node_modules\/odd\/index\.mjs:3:\d+/);
    expect(stderr).toMatch(new RegExp(`at f .*${path.join(place.project, "src/odd.ts")}:3:\\d+`));
  });

  it("are in the extracted unit's packages, and analyze tells of addons", async () => {
    const { functions } = (await place.json("analyze", "src/native.ts")) as { functions: { reasons: object[] }[] };

    expect(functions[0]?.reasons).toMatchObject([
      { message: expect.stringContaining("the native addon of `@node-rs/crc32`") },
    ]);
  });
});

describe("files that a function reads", () => {
  it("are there, and an edit of one brings it with the next invocation", async () => {
    expect(await deploy("src/reads.ts#rate")).toMatchObject({ assets: ["files/src/data/rate.txt"] });
    expect(await invoke("src/reads.ts#rate")).toBe(3);
    place.write({ "src/data/rate.txt": "4" });

    const { stdout } = await place.run("list");
    expect(stdout).toMatch(/src\/reads\.ts#rate .*sources have changed since/);
    expect(await invoke("src/reads.ts#rate")).toBe(4);
  });

  it("come and go with their folder", async () => {
    expect(await invoke("src/reads.ts#names")).toEqual(["rate.txt"]);
    place.write({ "src/data/new.txt": "" });
    expect(await invoke("src/reads.ts#names")).toEqual(["new.txt", "rate.txt"]);
    unlinkSync(path.join(place.project, "src/data/new.txt"));
    expect(await invoke("src/reads.ts#names")).toEqual(["rate.txt"]);
  });

  it("are deployed again while watching", async () => {
    const watching = place.start("deploy", "src/reads.ts#rate", "--watch", "--json");
    await expect.poll(() => watching.stdout().split("\n").length, { timeout: 60_000 }).toBeGreaterThan(1);
    place.write({ "src/data/rate.txt": "5" });
    await expect.poll(() => watching.stdout().split("\n").length, { timeout: 60_000 }).toBeGreaterThan(2);
    await watching.interrupt();

    expect(await invoke("src/reads.ts#rate")).toBe(5);
  });

  it("that are missing are named, and computed paths keep a function here", async () => {
    const missing = await place.run("deploy", "src/reads.ts#missing");
    const any = await place.run("deploy", "src/reads.ts#any");

    expect(missing.stderr).toMatch(/^error asset-missing: .*gone\.txt, which `missing` reads, does not exist/);
    expect(any.stderr).toMatch(/^error function-stays-local: .*asks for its own place on disk/);
  });

  it("are part of the extracted unit, where its own expressions find them", async () => {
    const written = await place.json("extract", "src/reads.ts#rate", "--out", "unit");

    expect(written).toMatchObject({ manifest: { assets: ["data/rate.txt"] } });
    expect(readdirSync(path.join(place.project, "unit/data"))).toEqual(["rate.txt"]);
    expect(readFileSync(path.join(place.project, "unit/reads.ts"), "utf8")).toContain("import.meta.url");
  });
});

describe("environment variables", () => {
  it("that are read by name are taken along, and secrets only when given", async () => {
    const first = await place.run("deploy", "src/environment.ts#f");
    expect(first.stdout).toContain(
      "environment: STAGE as set here; without API_KEY, which may be secret (send it with --env API_KEY); OTHER not set",
    );
    expect(first.stdout + first.stderr).not.toContain("hidden");
    expect(await invoke("src/environment.ts#f")).toEqual(["test", null, null]);

    expect(await deploy("src/environment.ts#f", "--env", "API_KEY", "--env", "OTHER=a=b")).toMatchObject({
      unchanged: false,
      environment: { given: ["API_KEY", "OTHER"], taken: ["STAGE"] },
    });
    expect(await invoke("src/environment.ts#f")).toEqual(["test", "hidden", "a=b"]);
    expect(await deploy("src/environment.ts#f")).toMatchObject({
      unchanged: true,
      environment: { kept: ["API_KEY", "OTHER"] },
    });
  });

  it("are told by analyze, and one that is not set cannot be given", async () => {
    const { stdout } = await place.run("analyze", "src/environment.ts");
    const unset = await place.run("deploy", "src/environment.ts#f", "--env", "NOT_SET_HERE");

    expect(stdout).toContain("reads the environment variables API_KEY, OTHER, STAGE");
    expect(unset).toMatchObject({ status: 2, stderr: expect.stringContaining("NOT_SET_HERE is not set here") });
  });
});
