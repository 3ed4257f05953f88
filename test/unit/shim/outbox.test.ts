import { expect, it } from "vitest";
import type { ShimMessage } from "../../../src/protocol/shim-messages.ts";
import { createOutbox } from "../../../src/shim/node/outbox.ts";

const started: ShimMessage = { type: "invocation-started", requestId: "r", remainingMs: 1 };
const ended: ShimMessage = { type: "invocation-ended", requestId: "r", durationMs: 1 };
const resumed: ShimMessage = { type: "auto-resumed", reason: "disconnected" };

it("hands over in order what was kept, once", () => {
  const outbox = createOutbox();
  for (const message of [started, cdp("Debugger.scriptParsed"), resumed, ended]) outbox.keep(message);

  expect(outbox.take(undefined)).toEqual([started, cdp("Debugger.scriptParsed"), resumed, ended]);
  expect(outbox.take(undefined)).toEqual([]);
});

it("leaves out what hello tells: the pause that lasts, and the invocation in flight", () => {
  const outbox = createOutbox();
  for (const message of [started, cdp("Debugger.paused")]) outbox.keep(message);

  expect(outbox.take("r")).toEqual([]);
});

it("forgets what the inspector said when its session is gone, but not what happened", () => {
  const outbox = createOutbox();
  for (const message of [cdp("Runtime.consoleAPICalled"), resumed, ended]) outbox.keep(message);
  outbox.forgetCdp();

  expect(outbox.take(undefined)).toEqual([resumed, ended]);
});

it("keeps a bounded number", () => {
  const outbox = createOutbox();
  for (let i = 0; i < 5000; i++) outbox.keep(cdp("Runtime.consoleAPICalled"));

  expect(outbox.take(undefined)).toHaveLength(2000);
});

it("takes console output for a flood only when the line is far behind, and nothing else ever", () => {
  const outbox = createOutbox();
  const behind = 100 * 1024 * 1024;

  expect(outbox.isFlood(cdp("Runtime.consoleAPICalled"), behind)).toBe(true);
  expect(outbox.isFlood(cdp("Runtime.consoleAPICalled"), 1000)).toBe(false);
  expect(outbox.isFlood(cdp("Debugger.paused"), behind)).toBe(false);
  expect(outbox.isFlood(ended, behind)).toBe(false);
});

function cdp(method: string): ShimMessage {
  return { type: "cdp", payload: { method } };
}
