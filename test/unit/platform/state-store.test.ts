import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { FunctionRecord } from "../../../src/platform/state/function-record.ts";
import { SCHEMA_VERSION } from "../../../src/platform/state/migrations.ts";
import { openStateStore, StateLocked } from "../../../src/platform/state/state-store.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "faasify-state-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What platforms of earlier formats left behind, one file each. */
const earlier = path.resolve("test/fixtures/platform-state");

describe("a state file of an earlier format", () => {
  it("is there for every earlier format", () => {
    expect(readdirSync(earlier).toSorted()).toEqual(
      Array.from({ length: SCHEMA_VERSION - 1 }, (_, index) => `schema-${index + 1}.sql`),
    );
  });

  it.each(readdirSync(earlier))("%s is brought up to date, and stays so", async (file) => {
    const database = new DatabaseSync(path.join(folder, "state.db"));
    database.exec(readFileSync(path.join(earlier, file), "utf8"));
    database.close();

    for (const _again of [1, 2]) {
      const store = await openStateStore(folder);

      expect(store.credentials).toEqual({ accessKeyId: "FAASIFY0123456789ABC", secretAccessKey: "c2VjcmV0" });
      expect(store.port).toBe(4321);
      expect(store.metrics().get("old")).toMatchObject({ invocations: 3, errors: 1, durationsMs: [1, 2.5] });
      expect(store.functions()).toMatchObject([
        {
          name: "old",
          latest: { version: "$LATEST", environment: { A: "1" }, layers: [] },
          versions: [{ version: "1", description: "first", layers: [] }],
          nextVersion: 2,
          tags: { team: "a" },
          aliases: [],
        },
      ]);
      store.close();
    }
  });

  it("is left as it was when it cannot be brought up to date", async () => {
    const database = new DatabaseSync(path.join(folder, "state.db"));
    database.exec(readFileSync(path.join(earlier, "schema-1.sql"), "utf8"));
    database.exec("UPDATE functions SET record = '{'");
    database.close();

    await expect(openStateStore(folder)).rejects.toMatchObject({ code: "platform-state-corrupt" });
    const after = new DatabaseSync(path.join(folder, "state.db"));
    expect(after.prepare("SELECT value FROM meta WHERE key = 'schema'").get()).toEqual({ value: "1" });
    after.close();
  });
});

describe("the state store", () => {
  it("gives back what was saved, with the same credentials", async () => {
    const store = await openStateStore(folder);
    const metrics = { invocations: 3, errors: 1, throttles: 0, coldStarts: 1, durationsMs: [1, 2.5] };
    store.saveFunction(hello);
    store.saveMetrics("hello", metrics);
    store.savePort(4321);
    store.close();

    const again = await openStateStore(folder);

    expect(again.functions()).toEqual([hello]);
    expect(again.metrics()).toEqual(new Map([["hello", metrics]]));
    expect(again.port).toBe(4321);
    expect(again.credentials).toEqual(store.credentials);
    expect(store.credentials.accessKeyId).toMatch(/^FAASIFY[0-9A-F]{13}$/);
    expect(Buffer.from(store.credentials.secretAccessKey, "base64url")).toHaveLength(32);
    again.deleteFunction("hello");
    expect([again.functions(), again.metrics().size]).toEqual([[], 0]);
    again.close();
  });

  it("makes other credentials for every folder", async () => {
    const first = await openStateStore(folder);
    const other = mkdtempSync(path.join(os.tmpdir(), "faasify-state-"));
    const second = await openStateStore(other);

    expect(second.credentials.secretAccessKey).not.toBe(first.credentials.secretAccessKey);
    for (const store of [first, second]) store.close();
    rmSync(other, { recursive: true, force: true });
  });

  it("is open once only", async () => {
    const store = await openStateStore(folder);

    await expect(openStateStore(folder)).rejects.toBeInstanceOf(StateLocked);
    store.close();
    (await openStateStore(folder)).close();
  });

  it.each([
    ["a record that is not JSON", "UPDATE functions SET record = '{'", "platform-state-corrupt"],
    ["a record of another shape", "UPDATE functions SET record = '{\"name\":1}'", "platform-state-corrupt"],
    ["a later format", "UPDATE meta SET value = '99' WHERE key = 'schema'", "platform-version-mismatch"],
  ])("refuses %s and says which file it is in", async (_what, change, code) => {
    const store = await openStateStore(folder);
    store.saveFunction(hello);
    store.close();
    const database = new DatabaseSync(path.join(folder, "state.db"));
    database.exec(change);
    database.close();

    const reading = openStateStore(folder).then((opened) => {
      try {
        return opened.functions();
      } finally {
        opened.close();
      }
    });

    await expect(reading).rejects.toMatchObject({
      code,
      message: expect.stringContaining(path.join(folder, "state.db")),
      remedy: expect.stringMatching(/move|mv/i),
    });
  });
});

const hello: FunctionRecord = {
  name: "hello",
  aliases: [{ name: "live", version: "$LATEST", description: "", weights: {}, revisionId: "2" }],
  eventConfigs: {},
  urls: {},
  policies: {},
  recursiveLoop: "Terminate",
  latest: {
    layers: [],
    version: "$LATEST",
    runtime: "nodejs24.x",
    role: "arn:aws:iam::000000000000:role/local",
    handler: "index.handler",
    description: "",
    timeoutSeconds: 3,
    memoryMb: 128,
    environment: { A: "ü" },
    architecture: "x86_64",
    ephemeralMb: 512,
    tracing: "PassThrough",
    codeSha256: "",
    codeId: "",
    codeBytes: 0,
    lastModified: "2026-11-23T12:00:00.000+0000",
    revisionId: "1",
  },
  versions: [],
  nextVersion: 1,
  tags: {},
};
