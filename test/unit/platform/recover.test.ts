import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLog } from "../../../src/core/log.ts";
import { newFunction } from "../../../src/platform/state/function-record.ts";
import { openOrRebuild } from "../../../src/platform/state/recover.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "faasify-recover-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const version = {
  version: "$LATEST",
  runtime: "nodejs24.x",
  role: "arn:aws:iam::000000000000:role/local",
  handler: "index.handler",
  description: "",
  timeoutSeconds: 3,
  memoryMb: 128,
  environment: {},
  architecture: "x86_64",
  ephemeralMb: 512,
  tracing: "PassThrough",
  layers: [],
  codeSha256: "",
  codeId: "",
  codeBytes: 0,
  lastModified: "2026-11-28T12:00:00.000+0000",
  revisionId: "1",
};
const named = (name: string) => newFunction(name, version, {});

describe("a state file with a damaged record", () => {
  it.each(["UPDATE functions SET record = '{'", "UPDATE functions SET record = '{\"name\":1}'"])(
    "is set aside, and functions and credentials are as they were: %s",
    async (damage) => {
      const first = await openOrRebuild(folder, silentLog);
      for (const name of ["a", "b", "c"]) first.saveFunction(named(name));
      first.deleteFunction("c");
      first.close();
      const database = new DatabaseSync(path.join(folder, "state.db"));
      database.exec(damage);
      database.close();
      const warnings: string[] = [];

      const second = await openOrRebuild(folder, {
        ...silentLog,
        warn: (message) => warnings.push(message),
      });

      expect(second.functions()).toEqual([named("a"), named("b")]);
      expect(second.credentials).toEqual(first.credentials);
      expect(readdirSync(folder)).toContain("state.db.damaged-1");
      expect(warnings).toEqual([expect.stringContaining("2 functions were rebuilt")]);
      second.close();
      const third = await openOrRebuild(folder, silentLog);
      expect(third.functions()).toHaveLength(2);
      third.close();
    },
  );
});
