import { appendFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import type { Directive } from "../../../src/core/function-model.ts";
import {
  defaultConfiguration,
  deployFunction,
  withDirective,
  type Deployer,
} from "../../../src/deploy/deploy-function.ts";
import { createDeploymentStore } from "../../../src/deploy/deployment-store.ts";
import { temporaryFolder } from "../packager/support.ts";
import { artifactIn, fakeProvider, never } from "./support.ts";

it("a directive comes before settings and defaults, word by word", () => {
  const base = { ...defaultConfiguration, environment: { A: "1" } };

  expect(withDirective(base, { line: 1, allow: [], memoryMb: 512 })).toEqual({ ...base, memoryMb: 512 });
  expect(withDirective(base, { line: 1, allow: [], timeoutMs: 5000 })).toEqual({ ...base, timeoutMs: 5000 });
  expect(withDirective(base, { line: 1, allow: [], architecture: "arm64", url: "iam" })).toEqual({
    ...base,
    architecture: "arm64",
    url: "iam",
  });
  expect(withDirective(base, undefined)).toEqual(base);
});

it("a function is deployed with what its author asks for, and again with what the author asks for later", async () => {
  const { deployer, ref, provider, ask } = setUp({ line: 1, allow: [], memoryMb: 512 });

  const { deployment } = await deployFunction(deployer, ref, { target: "local" }, never);
  expect(provider.deployed.get(deployment.name)?.configuration.memoryMb).toBe(512);

  ask({ line: 1, allow: [], memoryMb: 1024, timeoutMs: 90_000 });
  appendFileSync(ref.file, "// edited");
  const settings = { ...defaultConfiguration, memoryMb: 128 };
  await deployFunction(deployer, ref, { target: "local", configuration: settings }, never);

  expect(provider.deployed.get(deployment.name)?.configuration).toMatchObject({ memoryMb: 1024, timeoutMs: 90_000 });
});

function setUp(first: Directive) {
  const root = temporaryFolder({ "cart.ts": "export const checkout = () => 1;" });
  const ref = { file: path.join(root, "cart.ts"), name: "checkout" };
  const provider = fakeProvider();
  let directive = first;
  const deployer: Deployer = {
    store: createDeploymentStore(path.join(root, "deployments")),
    provider: async () => provider,
    directiveOf: async () => directive,
    packageFunction: async () => artifactIn(path.join(root, "artifacts"), { debug: false, inputs: [ref.file] }),
  };
  return { deployer, ref, provider, ask: (next: Directive) => (directive = next) };
}
