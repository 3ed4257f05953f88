import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it, vi } from "vitest";
import type { DebugRequest } from "../../../src/debug-adapter/debug-target.ts";
import { createDebugTarget, restoreLeftovers } from "../../../src/deploy/debug-target.ts";
import { deployFunction, type Deployer } from "../../../src/deploy/deploy-function.ts";
import { createDeploymentStore } from "../../../src/deploy/deployment-store.ts";
import type { FaasProvider } from "../../../src/deploy/provider.ts";
import { temporaryFolder } from "../packager/support.ts";
import { artifactIn, fakeProvider, never } from "./support.ts";

const shimEnvironment = { FAASIFY_DEBUG: "ws://127.0.0.1:1/session#secret" };

describe("launching", () => {
  it("debugs a deployment of its own with the shim, and removes it again", async () => {
    const { target, request, provider, journal } = setUp();

    const debugged = await target.deploy(request("launch"), never);

    const deployed = provider.deployed.get(debugged.name);
    expect(debugged.name).toMatch(/^cart-checkout-[0-9a-f]{8}--debug$/);
    expect(deployed?.artifact.debug).toBe(true);
    expect(deployed?.configuration).toMatchObject({
      timeoutMs: 900_000,
      environment: { ...shimEnvironment, FAASIFY_HANDLER: "index.handler" },
    });
    expect(journal()).toEqual([`${debugged.name}.json`]);

    await target.restore(debugged);
    await target.restore(debugged);
    expect(provider.deployed.size).toBe(0);
    expect(journal()).toEqual([]);
  });

  it("has the time limit that was asked for, and refuses one that the provider does not allow", async () => {
    const { target, request, provider } = setUp();

    const { name } = await target.deploy(request("launch", shimEnvironment, 120_000), never);
    const tooLong = target.deploy(request("launch", shimEnvironment, 901_000), never);

    expect(provider.deployed.get(name)?.configuration.timeoutMs).toBe(120_000);
    await expect(tooLong).rejects.toMatchObject({ code: "wrong-usage", message: expect.stringContaining("900 s") });
  });

  it("refuses a target that cannot reach this machine, before anything is changed, unless a relay or tunnel leads here", async () => {
    const { target, request, provider, journalFolder } = setUp(
      {},
      {
        traits: { label: "Cloud", maxArtifactBytes: 1, maxTimeoutMs: 900_000, reachesLoopback: false },
      },
    );

    for (const url of ["ws://127.0.0.1:1/session#secret", "ws://localhost:1/session#secret"]) {
      await expect(target.deploy(request("launch", { FAASIFY_DEBUG: url }), never)).rejects.toMatchObject({
        code: "wrong-usage",
        remedy: expect.stringContaining("tunnelUrl"),
      });
    }
    expect(provider.requests).toEqual([]);
    expect(existsSync(journalFolder)).toBe(false);

    await target.deploy(request("launch", { FAASIFY_DEBUG: "wss://relay.example/session#secret" }), never);
    expect(provider.requests).toHaveLength(1);
  });

  it("deploys again within a session, with the journal unchanged in what it restores", async () => {
    const { target, request, provider, journal } = setUp();

    await target.deploy(request("launch"), never);
    const again = await target.deploy(request("launch"), never);
    expect(journal()).toHaveLength(1);

    await target.restore(again);
    expect(provider.deployed.size).toBe(0);
  });

  it("gives each session of a function a deployment of its own", async () => {
    const { target, request, provider } = setUp();
    const first = await target.deploy(request("launch"), never);
    const other = request("launch", { FAASIFY_DEBUG: "ws://127.0.0.1:1/other#secret" });

    const second = await target.deploy(other, never);
    const again = await target.deploy(other, never);

    expect(second.name).toBe(`${first.name}-2`);
    expect(again.name).toBe(second.name);
    await target.restore(first);
    expect([...provider.deployed.keys()]).toEqual([second.name]);
    await target.restore(second);
    expect(provider.deployed.size).toBe(0);
  });

  it("waits for the end of the session before, when that is being put back", async () => {
    const { target, request, provider } = setUp();
    const first = await target.deploy(request("launch"), never);

    const [, second] = await Promise.all([
      target.restore(first),
      target.deploy(request("launch", { FAASIFY_DEBUG: "ws://127.0.0.1:1/next#secret" }), never),
    ]);

    expect(provider.deployed.has(second.name)).toBe(true);
  });
});

describe("a deployment that fails", () => {
  it.each(["launch", "attach"] as const)("leaves nothing behind (%s)", async (kind) => {
    const { target, request, provider, deployer, ref, journal } = setUp();
    await deployFunction(deployer, ref, { target: "local" }, never);
    const before = [...provider.deployed];
    const spy = vi.spyOn(provider, "deploy").mockImplementationOnce(async ({ name, ...wanted }) => {
      // Half of it was done.
      provider.deployed.set(name, { name, ...wanted });
      throw new Error("broke off");
    });

    await expect(target.deploy(request(kind), never)).rejects.toThrow("broke off");

    expect(spy).toHaveBeenCalled();
    expect([...provider.deployed]).toEqual(before);
    expect(journal()).toEqual([]);
  });

  it("keeps what a session has, when a later one fails, and the journal where nothing can be put back now", async () => {
    const { target, request, provider, journal } = setUp();
    const first = await target.deploy(request("launch"), never);
    const failure = new Error("broke off");
    vi.spyOn(provider, "deploy").mockRejectedValue(failure);
    await expect(target.deploy(request("launch"), never)).rejects.toThrow("broke off");
    expect([...provider.deployed.keys()]).toEqual([first.name]);
    expect(journal()).toHaveLength(1);

    vi.spyOn(provider, "remove").mockRejectedValue(failure);
    const other = request("launch", { FAASIFY_DEBUG: "ws://127.0.0.1:1/other#secret" });
    await expect(target.deploy(other, never)).rejects.toThrow("broke off");
    expect(journal()).toHaveLength(2);
  });
});

describe("attaching", () => {
  it("needs a deployed function", async () => {
    const { target, request } = setUp();

    await expect(target.deploy(request("attach"), never)).rejects.toMatchObject({ code: "function-not-deployed" });
  });

  it("puts the function back as it was, with its code and configuration", async () => {
    const { target, request, provider, deployer, ref, journal } = setUp();
    const configuration = { memoryMb: 512, timeoutMs: 5000, environment: { MODE: "x" } };
    const { deployment } = await deployFunction(deployer, ref, { target: "local", configuration }, never);
    const before = provider.deployed.get(deployment.name);

    const debugged = await target.deploy(request("attach"), never);
    expect(debugged.name).toBe(deployment.name);
    expect(provider.deployed.get(deployment.name)?.configuration).toMatchObject({
      memoryMb: 512,
      environment: { MODE: "x", ...shimEnvironment },
    });

    await target.restore(debugged);
    expect(provider.deployed.get(deployment.name)).toEqual(before);
    expect(journal()).toEqual([]);
  });

  it("puts back what was deployed during the session, and nothing that was removed during it", async () => {
    const { target, request, provider, deployer, ref, journal } = setUp();
    await deployFunction(deployer, ref, { target: "local" }, never);
    const debugged = await target.deploy(request("attach"), never);
    const configuration = { memoryMb: 1024, timeoutMs: 1000, environment: {} };
    await deployFunction(deployer, ref, { target: "local", configuration }, never);

    await target.restore(debugged);
    expect(provider.deployed.get(debugged.name)).toMatchObject({ configuration, artifact: { debug: false } });

    const again = await target.deploy(request("attach"), never);
    await provider.remove(again.name, never);
    await target.restore(again);
    expect(provider.deployed.size).toBe(0);
    expect(journal()).toEqual([]);
  });

  it("keeps no secret in the journal", async () => {
    const { target, request, journalFolder } = setUp();
    await target.deploy(request("launch"), never);

    const [name = ""] = readdirSync(journalFolder);
    expect(readFileSync(path.join(journalFolder, name), "utf8")).not.toContain("secret");
  });
});

describe("after a crash", () => {
  it("puts back what dead processes left, and leaves living sessions alone", async () => {
    const { target, request, provider, deployer, ref, journalFolder, journal } = setUp();
    const { deployment } = await deployFunction(deployer, ref, { target: "local" }, never);
    const before = provider.deployed.get(deployment.name);
    await target.deploy(request("attach"), never);
    await target.deploy(request("launch"), never);
    expect(await restoreLeftovers(deployer, { journalFolder }, never)).toBe(0);

    // Process ids are reused: this process's own id with another instance is a dead one's, too.
    for (const name of journal()) {
      const file = path.join(journalFolder, name);
      writeFileSync(
        file,
        JSON.stringify({ ...(JSON.parse(readFileSync(file, "utf8")) as object), instance: "earlier" }),
      );
    }

    expect(await restoreLeftovers(deployer, { journalFolder }, never)).toBe(2);
    expect([...provider.deployed.values()]).toEqual([before]);
    expect(await restoreLeftovers(deployer, { journalFolder }, never)).toBe(0);
  });

  it("keeps the journal's entry when putting back fails, for the next time", async () => {
    const { target, request, deployer, journalFolder, journal } = setUp();
    const debugged = await target.deploy(request("launch"), never);
    const failing = {
      ...deployer,
      provider: async () => fakeProvider({ remove: () => Promise.reject(new Error("down")) }),
    };

    await expect(createDebugTarget(failing, { journalFolder }).restore(debugged)).rejects.toThrow("down");
    expect(journal()).toHaveLength(1);

    await target.restore(debugged);
    expect(journal()).toEqual([]);
  });

  it("passes over a damaged entry", async () => {
    const { deployer, journalFolder } = setUp({ "journal/x.json": "{ half" });

    expect(await restoreLeftovers(deployer, { journalFolder }, never)).toBe(0);
  });
});

function setUp(files: Readonly<Record<string, string>> = {}, overrides: Partial<FaasProvider> = {}) {
  const root = temporaryFolder({ "cart.ts": "export const checkout = () => 1;", ...files });
  const ref = { file: path.join(root, "cart.ts"), name: "checkout" };
  const journalFolder = path.join(root, "journal");
  const provider = fakeProvider(overrides);
  const deployer: Deployer = {
    store: createDeploymentStore(path.join(root, "deployments")),
    provider: async () => provider,
    packageFunction: async (_ref, { debug }) =>
      artifactIn(path.join(root, "artifacts", debug ? "debug" : "plain"), { debug, inputs: [ref.file] }),
  };
  return {
    ref,
    provider,
    deployer,
    journalFolder,
    target: createDebugTarget(deployer, { journalFolder }),
    journal: () => readdirSync(journalFolder),
    request: (request: "launch" | "attach", environment = shimEnvironment, timeoutMs = 900_000): DebugRequest => ({
      function: ref,
      target: "local",
      request,
      timeoutMs,
      shimEnvironment: environment,
    }),
  };
}
