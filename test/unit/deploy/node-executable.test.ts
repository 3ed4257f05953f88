import { expect, it } from "vitest";
import { findNode, isRecent } from "../../../src/deploy/providers/local/node-executable.ts";
import { never } from "./support.ts";

it.each([
  ["22.13.0", true],
  ["24.0.1", true],
  ["22.12.9", false],
  ["20.20.2", false],
  ["", false],
])("Node %s does: %s", (version, does) => {
  expect(isRecent(version)).toBe(does);
});

it("takes the configured one, or this process's own", async () => {
  expect((await findNode(process.execPath, never)).path).toBe(process.execPath);
  expect((await findNode(undefined, never)).path).toBe(process.execPath);
  expect((await findNode("", never)).path).toBe(process.execPath);
});

it.each(["/no/such/node", "/bin/true"])("refuses a configured one that does not do: %s", async (configured) => {
  await expect(findNode(configured, never)).rejects.toMatchObject({
    code: "node-missing",
    message: expect.stringContaining(configured),
    remedy: expect.stringContaining("FAASIFY_NODE"),
  });
});
