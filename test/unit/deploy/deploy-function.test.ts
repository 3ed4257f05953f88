import { appendFileSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it, vi } from "vitest";
import { FaasifyError } from "../../../src/core/errors.ts";
import {
  defaultConfiguration,
  deployFunction,
  invokeDeployment,
  removeDeployment,
  type Deployer,
} from "../../../src/deploy/deploy-function.ts";
import { createDeploymentStore } from "../../../src/deploy/deployment-store.ts";
import { createRegistry } from "../../../src/deploy/registry.ts";
import { isStale } from "../../../src/deploy/staleness.ts";
import { temporaryFolder } from "../packager/support.ts";
import { artifactIn, fakeProvider, never } from "./support.ts";

describe("deploying", () => {
  it("packages, deploys and notes it down", async () => {
    const { deployer, ref, provider, store } = setUp();

    const { deployment, unchanged } = await deployFunction(deployer, ref, { target: "local" }, never);

    expect(unchanged).toBe(false);
    expect(await store.list()).toEqual([deployment]);
    expect(provider.deployed.get(deployment.name)?.configuration).toEqual(defaultConfiguration);
    expect(await isStale(deployment)).toBe(false);
  });

  it("gives the function the variables that it reads by name, as they are set now or were before", async () => {
    const root = temporaryFolder();
    const { deployer, ref, provider } = setUp();
    const deployWith = async (environment: Record<string, string>, given?: Record<string, string>) => {
      const packageFunction = async () => artifactIn(root, { environment: ["STAGE", "API_KEY"] });
      const options = { target: "local", ...(given && { environment: given }) } as const;
      const result = await deployFunction({ ...deployer, packageFunction, environment }, ref, options, never);
      return {
        ...result.environment,
        values: provider.deployed.get(result.deployment.name)?.configuration.environment,
      };
    };

    expect(await deployWith({ STAGE: "test", API_KEY: "k" })).toMatchObject({
      values: { STAGE: "test" },
      taken: ["STAGE"],
      withheld: ["API_KEY"],
    });
    expect((await deployWith({ STAGE: "live" }, { API_KEY: "k" })).values).toEqual({ STAGE: "live", API_KEY: "k" });
    expect(await deployWith({})).toMatchObject({
      values: { STAGE: "live", API_KEY: "k" },
      kept: ["API_KEY", "STAGE"],
    });
  });

  it("again changes nothing, and does not even package when no source was touched", async () => {
    const { deployer, ref, packaged } = setUp();
    await deployFunction(deployer, ref, { target: "local" }, never);

    const again = await deployFunction(deployer, ref, { target: "local" }, never);

    expect(again.unchanged).toBe(true);
    expect(packaged).toHaveLength(1);
  });

  it("packages again after an edit, even one right behind the last deployment", async () => {
    const { deployer, ref, packaged } = setUp();
    await deployFunction(deployer, ref, { target: "local" }, never);

    appendFileSync(ref.file, "// edited");
    await deployFunction(deployer, ref, { target: "local" }, never);

    expect(packaged).toHaveLength(2);
  });

  it("packages again after an older file was put in the place of the source", async () => {
    const { deployer, ref, packaged } = setUp();
    const backup = `${ref.file}.bak`;
    const lastYear = new Date(Date.now() - 365 * 24 * 60 * 60 * 1000);
    writeFileSync(backup, "export const checkout = () => 0;");
    utimesSync(backup, lastYear, lastYear);
    beSavedForAWhile(backup);
    const { deployment } = await deployFunction(deployer, ref, { target: "local" }, never);

    renameSync(backup, ref.file);

    expect(await isStale(deployment)).toBe(true);
    await deployFunction(deployer, ref, { target: "local" }, never);
    expect(packaged).toHaveLength(2);
  });

  it("packages again when the earlier package is no longer whole", async () => {
    const { deployer, ref, packaged, artifacts } = setUp();
    await deployFunction(deployer, ref, { target: "local" }, never);

    writeFileSync(path.join(artifacts, "plain", "function.zip"), "");
    await deployFunction(deployer, ref, { target: "local" }, never);

    expect(packaged).toHaveLength(2);
  });

  it("packages again when the earlier package is gone, or was for debugging", async () => {
    const { deployer, ref, packaged, artifacts } = setUp();
    await deployFunction(deployer, ref, { target: "local" }, never);
    await deployFunction(deployer, ref, { target: "local", debug: true }, never);
    expect(packaged).toEqual([false, true]);

    rmSync(artifacts, { recursive: true });
    await deployFunction(deployer, ref, { target: "local", debug: true }, never);
    expect(packaged).toEqual([false, true, true]);
  });

  it("keeps a function's configuration unless another is given", async () => {
    const { deployer, ref, provider } = setUp();
    const configuration = { memoryMb: 512, timeoutMs: 5000, environment: { MODE: "x" } };
    const { deployment } = await deployFunction(deployer, ref, { target: "local", configuration }, never);

    await deployFunction(deployer, ref, { target: "local" }, never);

    expect(provider.deployed.get(deployment.name)?.configuration).toEqual(configuration);
  });

  it("tells the sleeping shim which handler it stands in for, without noting that down", async () => {
    const { deployer, ref, provider } = setUp();

    const { deployment } = await deployFunction(deployer, ref, { target: "local", debug: true }, never);

    expect(provider.deployed.get(deployment.name)?.configuration.environment).toEqual({
      FAASIFY_HANDLER: "index.handler",
    });
    expect(deployment.configuration.environment).toEqual({});
  });

  it("clears away packages that nobody has used for long, but none that is deployed", async () => {
    const { deployer, ref, artifacts } = setUp();
    const { deployment } = await deployFunction(deployer, ref, { target: "local" }, never);
    const [old, young] = [path.join(artifacts, "old"), path.join(artifacts, "young")];
    for (const folder of [old, young]) artifactIn(folder);
    const longAgo = new Date(Date.now() - 15 * 24 * 60 * 60 * 1000);
    for (const folder of [old, path.dirname(deployment.sourceMapPath)]) utimesSync(folder, longAgo, longAgo);

    // As a later process would: this one has looked already.
    vi.resetModules();
    const later = await import("../../../src/deploy/deploy-function.ts");
    await later.deployFunction(deployer, ref, { target: "local" }, never);

    expect(readdirSync(artifacts).toSorted()).toEqual(["plain", "young"]);
  });

  it("that fails leaves the earlier note as it was", async () => {
    const { deployer, ref, store } = setUp();
    const { deployment } = await deployFunction(deployer, ref, { target: "local" }, never);
    const failing: Deployer = {
      ...deployer,
      provider: async () =>
        fakeProvider({
          deploy: async () => {
            throw new FaasifyError("platform-unreachable", "lost", { remedy: "Again" });
          },
        }),
    };

    await expect(deployFunction(failing, ref, { target: "local" }, never)).rejects.toMatchObject({
      code: "platform-unreachable",
    });
    expect(await store.list()).toEqual([deployment]);
  });

  it("stops with the reason when aborted", async () => {
    const { deployer, ref, provider } = setUp();
    const reason = new Error("cancelled by the user");

    await expect(deployFunction(deployer, ref, { target: "local" }, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(provider.requests).toEqual([]);
  });
});

describe("staleness", () => {
  it("is a newer or missing source", async () => {
    const { deployer, ref } = setUp();
    const { deployment } = await deployFunction(deployer, ref, { target: "local" }, never);
    expect(await isStale(deployment)).toBe(false);

    const later = new Date(Date.now() + 1000);
    utimesSync(ref.file, later, later);
    expect(await isStale(deployment)).toBe(true);

    rmSync(ref.file);
    expect(await isStale(deployment)).toBe(true);
  });
});

describe("invoking and removing", () => {
  it("gives a function that is a handler its first argument as the event", async () => {
    const { deployer, ref, provider } = setUp();
    const { deployment } = await deployFunction(deployer, ref, { target: "local" }, never);
    const input = { kind: "arguments", arguments: [{ id: 1 }] } as const;

    await invokeDeployment(deployer, deployment, input, never);
    await invokeDeployment(deployer, { ...deployment, convention: "lambda" }, input, never);

    expect(provider.inputs).toEqual([input, { kind: "event", event: { id: 1 } }]);
  });

  it("forgets what it removes", async () => {
    const { deployer, ref, provider, store } = setUp();
    const { deployment } = await deployFunction(deployer, ref, { target: "local" }, never);

    await removeDeployment(deployer, deployment, never);

    expect(provider.deployed.size).toBe(0);
    expect(await store.list()).toEqual([]);
  });
});

describe("the registry", () => {
  const registry = createRegistry({
    local: { folder: "/nowhere", platformBundle: "/nowhere.cjs", version: "1" },
    aws: { bundle: "/nowhere.cjs", options: () => ({}) },
  });

  it("makes a provider once", async () => {
    expect(await registry.get("local")).toBe(await registry.get("local"));
  });

  it.each(["mars", "", "constructor", "__proto__"])("refuses a target that it does not know: %j", async (target) => {
    await expect(registry.get(target)).rejects.toMatchObject({
      code: "target-unknown",
      remedy: "Use one of: local, aws",
    });
  });
});

function setUp() {
  const root = temporaryFolder({ "cart.ts": "export const checkout = () => 1;" });
  const ref = { file: path.join(root, "cart.ts"), name: "checkout" };
  beSavedForAWhile(ref.file);
  const provider = fakeProvider();
  const store = createDeploymentStore(path.join(root, "deployments"));
  const packaged: boolean[] = [];
  const artifacts = path.join(root, "artifacts");
  const deployer: Deployer = {
    store,
    provider: async () => provider,
    packageFunction: async (_ref, { debug }) => {
      packaged.push(debug);
      return artifactIn(path.join(artifacts, debug ? "debug" : "plain"), { debug, inputs: [ref.file] });
    },
  };
  return { deployer, ref, provider, store, packaged, artifacts };
}

/** Sources usually were saved some time ago. That time cannot be forged. */
function beSavedForAWhile(file: string): void {
  const clock = new Int32Array(new SharedArrayBuffer(4));
  while (Date.now() - statSync(file).ctimeMs < 50) Atomics.wait(clock, 0, 0, 5);
}
