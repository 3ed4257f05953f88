import { expect, it } from "vitest";
import { CdpError, createCdpClient } from "../../../src/debug-adapter/cdp/cdp-client.ts";
import { fakeConnection, settled } from "./fakes.ts";

it("sends the commands of one tick in one frame, in order", async () => {
  const connection = fakeConnection((method) => ({ echo: method }));
  const cdp = createCdpClient(connection);

  const answers = await Promise.all([cdp.send("Debugger.enable"), cdp.send("Debugger.stepOver")]);

  expect(connection.sent).toHaveLength(1);
  expect(connection.methods()).toEqual(["Debugger.enable", "Debugger.stepOver"]);
  expect(answers).toEqual([{ echo: "Debugger.enable" }, { echo: "Debugger.stepOver" }]);
});

it("rejects with V8's own words", async () => {
  const cdp = createCdpClient(fakeConnection(() => ({ error: { message: "Could not find object" } })));

  const failure = cdp.send("Runtime.getProperties", { objectId: "1" });

  await expect(failure).rejects.toBeInstanceOf(CdpError);
  await expect(failure).rejects.toThrow("Could not find object");
});

it("rejects what is in flight when the sandbox goes, and everything after that", async () => {
  const connection = fakeConnection(() => undefined);
  const cdp = createCdpClient(connection);
  const inFlight = cdp.send("Debugger.enable");
  await settled();

  connection.leave();

  await expect(inFlight).rejects.toMatchObject({ code: "debug-session-failed" });
  await expect(cdp.send("Debugger.resume")).rejects.toMatchObject({ code: "debug-session-failed" });
});

it("gives up on a sandbox that does not answer in time", async () => {
  const cdp = createCdpClient(fakeConnection(() => undefined));

  await expect(cdp.send("Debugger.enable", {}, 5)).rejects.toThrow("did not answer within 0.005 s");
});

it("hands events to their listener, with what was fetched ahead, and ignores strays", () => {
  const connection = fakeConnection(() => undefined);
  const cdp = createCdpClient(connection);
  const seen: unknown[] = [];
  cdp.on("Debugger.paused", (params, prefetched) => seen.push([params, prefetched]));

  connection.raise("Debugger.paused", { callFrames: [] }, { o1: { result: [] } });
  connection.raise("Debugger.resumed", {});
  connection.say({ type: "cdp", payload: { id: 4711, result: {} } });

  expect(seen).toEqual([[{ callFrames: [] }, { o1: { result: [] } }]]);
});
