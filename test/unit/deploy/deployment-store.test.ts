import { chmodSync, readdirSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { silentLog } from "../../../src/core/log.ts";
import { deploymentName } from "../../../src/deploy/deployment-name.ts";
import { createDeploymentStore } from "../../../src/deploy/deployment-store.ts";
import type { Deployment } from "../../../src/deploy/provider.ts";
import { temporaryFolder } from "../packager/support.ts";

const ref = { file: "/shop/src/cart.ts", name: "checkout" };

it("finds what was saved, also from another process", async () => {
  const folder = path.join(temporaryFolder(), "deployments");
  await createDeploymentStore(folder).save(deployment());

  const other = createDeploymentStore(folder);
  expect(await other.find(ref, "local")).toEqual(deployment());
  expect(await other.list()).toEqual([deployment()]);
  expect(await other.find({ ...ref, name: "greet" }, "local")).toBeUndefined();
});

it("keeps the deployments of one function in several places apart", async () => {
  const store = createDeploymentStore(temporaryFolder());
  const places = [{ region: "eu-central-1" }, { region: "eu-west-1" }, { region: "eu-west-1", profile: "test" }];
  const on = (place: (typeof places)[number]): Deployment => ({ ...deployment(), target: "aws", place });
  for (const place of places) await store.save(on(place));
  await store.save(deployment());

  for (const place of places) expect(await store.find(ref, "aws", place)).toEqual(on(place));
  expect(await store.find(ref, "aws", { region: "us-east-1" })).toBeUndefined();
  expect(await store.find(ref, "local")).toEqual(deployment());

  await store.remove(on({ region: "eu-west-1" }));
  expect(await store.list()).toHaveLength(3);
});

it("lists nothing before anything was deployed", async () => {
  expect(await createDeploymentStore(path.join(temporaryFolder(), "missing")).list()).toEqual([]);
});

it("forgets what is removed, twice", async () => {
  const store = createDeploymentStore(temporaryFolder());
  await store.save(deployment());

  await store.remove(deployment());
  await store.remove(deployment());

  expect(await store.list()).toEqual([]);
});

it.each([
  ["half a file", `{"function": {"file": "/sho`],
  ["another shape", `{"name": 1}`],
  ["nothing", ""],
])("passes over a damaged file (%s) and says which", async (_title, text) => {
  const folder = temporaryFolder();
  const warnings: string[] = [];
  const store = createDeploymentStore(folder, { ...silentLog, warn: (message) => void warnings.push(message) });
  await store.save(deployment());
  writeFileSync(path.join(folder, "damaged.local.json"), text);

  expect(await store.list()).toEqual([deployment()]);
  expect(warnings).toEqual([expect.stringContaining(path.join(folder, "damaged.local.json"))]);
  expect(warnings[0]).toContain("Deploy the function again");
});

it("never shows a half-written file, and keeps others out", async () => {
  const folder = temporaryFolder();
  const store = createDeploymentStore(folder);

  await Promise.all(Array.from({ length: 20 }, (_, index) => store.save({ ...deployment(), version: String(index) })));

  const names = readdirSync(folder);
  expect(names).toHaveLength(1);
  expect(statSync(path.join(folder, names[0] ?? "")).mode & 0o077).toBe(0);
  expect(await store.list()).toHaveLength(1);
});

it.skipIf(process.getuid?.() === 0)("says so when the folder cannot be written", async () => {
  const folder = temporaryFolder();
  chmodSync(folder, 0o500);

  await expect(createDeploymentStore(folder).save(deployment())).rejects.toMatchObject({
    code: "platform-state-not-writable",
  });
});

it("says so when a file stands where the folder should be", async () => {
  const folder = temporaryFolder({ deployments: "a file" });

  await expect(createDeploymentStore(path.join(folder, "deployments")).save(deployment())).rejects.toMatchObject({
    code: "platform-state-not-writable",
    remedy: expect.stringContaining("FAASIFY_DATA"),
  });
});

function deployment(): Deployment {
  return {
    function: ref,
    target: "local",
    name: deploymentName(ref),
    version: "$LATEST",
    id: "arn:x",
    sha256: "s",
    buildId: "b",
    artifactBytes: 1,
    deployedAt: "2026-01-01T00:00:00.000Z",
    configuration: { memoryMb: 256, timeoutMs: 3000, environment: { A: "1" } },
    inputs: [ref.file],
    sourceMapPath: "/data/artifacts/1/index.map",
    convention: "plain",
  };
}
