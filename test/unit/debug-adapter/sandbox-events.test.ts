import { expect, it } from "vitest";
import { next, stepIn } from "../../../src/debug-adapter/handlers/control.ts";
import { evaluate } from "../../../src/debug-adapter/handlers/evaluate.ts";
import { exceptionInfo } from "../../../src/debug-adapter/handlers/exception-info.ts";
import { stackTrace } from "../../../src/debug-adapter/handlers/stack-trace.ts";
import { threads } from "../../../src/debug-adapter/handlers/threads.ts";
import { scopes, variables } from "../../../src/debug-adapter/handlers/variables.ts";
import { admitSandbox } from "../../../src/debug-adapter/sandbox-setup.ts";
import { callFrame, fakeConnection, fakeSession, settled } from "./fakes.ts";

const answers = (method: string): object =>
  method === "Debugger.evaluateOnCallFrame" ? { result: { type: "number", value: 7 } } : {};

async function running() {
  const session = fakeSession();
  const connection = fakeConnection(answers);
  admitSandbox(session.debuggee, connection);
  await settled();
  connection.raise("Debugger.scriptParsed", { scriptId: "1", url: "file:///var/task/index.mjs" });
  connection.raise("Debugger.scriptParsed", { scriptId: "2", url: "file:///opt/sandbox.cjs" });
  return { ...session, connection };
}

const userFrame = callFrame("resize", "1", 41);
const runtimeFrame = callFrame("invoke", "2", 7);
const paused = { callFrames: [userFrame, runtimeFrame], reason: "other", hitBreakpoints: [] };

it("configures a new sandbox before it lets it run", async () => {
  const { connection, bodies, debuggee } = await running();

  expect(connection.methods().slice(1, 3)).toEqual(["Runtime.enable", "Debugger.enable"]);
  expect(connection.sent.at(-1)).toEqual({ type: "ready" });
  expect(bodies("thread")).toEqual([{ reason: "started", threadId: 1 }]);
  expect(threads(debuggee)).toEqual({ threads: [{ id: 1, name: "resize · abcdef01" }] });
});

it("lets a sandbox run although it cannot be configured", async () => {
  const { debuggee, bodies } = fakeSession();
  const connection = fakeConnection(() => ({ error: { message: "no inspector" } }));

  admitSandbox(debuggee, connection);
  await settled();

  expect(connection.sent.at(-1)).toEqual({ type: "ready" });
  expect(bodies("output")).toContainEqual(expect.objectContaining({ output: "no inspector\n" }));
});

it("shows frames that are not the user's greyed out, in one gapless list", async () => {
  const { connection, debuggee } = await running();
  connection.raise("Debugger.paused", paused);

  const body = stackTrace(debuggee, { threadId: 1 });

  expect(body).toMatchObject({
    totalFrames: 2,
    stackFrames: [
      { name: "resize", line: 42 },
      { name: "invoke", line: 8, presentationHint: "subtle", source: { name: "sandbox.cjs" } },
    ],
  });
  expect(stackTrace(debuggee, { threadId: 1 })).toEqual(body);
});

it("answers a step before V8 does and forgets the old frames", async () => {
  const { connection, debuggee, bodies } = await running();
  connection.raise("Debugger.paused", paused);
  const frameId = stackTrace(debuggee, { threadId: 1 }).stackFrames[0]?.id ?? 0;

  next(debuggee, { threadId: 1 });
  await settled();

  expect(connection.methods().at(-1)).toBe("Debugger.stepOver");
  expect(() => stackTrace(debuggee, { threadId: 1 })).toThrow("is running");
  await expect(evaluate(debuggee, { expression: "1", frameId })).rejects.toThrow("has run on");
  connection.raise("Debugger.resumed", {});
  expect(bodies("continued")).toEqual([]);
});

it("leaves code that is not the user's by itself", async () => {
  const { connection, debuggee, bodies } = await running();
  connection.raise("Debugger.paused", paused);
  stepIn(debuggee, { threadId: 1 });

  connection.raise("Debugger.paused", { ...paused, callFrames: [runtimeFrame, userFrame] });
  await settled();
  connection.raise("Debugger.paused", { ...paused, callFrames: [runtimeFrame] });
  await settled();

  expect(connection.methods().slice(-2)).toEqual(["Debugger.stepOut", "Debugger.resume"]);
  expect(bodies("stopped")).toHaveLength(1);
});

it("serves the first variables from what came with the pause", async () => {
  const { connection, debuggee } = await running();
  const object = { type: "object" as const, objectId: "scope-1" };
  const frame = { ...userFrame, scopeChain: [{ type: "local" as const, object }] };
  const result = [{ name: "width", value: { type: "number", value: 3, description: "3" } }];
  connection.raise("Debugger.paused", { ...paused, callFrames: [frame] }, { "scope-1": { result } });
  const asked = connection.methods().length;

  const frameId = stackTrace(debuggee, { threadId: 1 }).stackFrames[0]?.id ?? 0;
  const variablesReference = scopes(debuggee, { frameId }).scopes[0]?.variablesReference ?? 0;
  const body = await variables(debuggee, { variablesReference });

  expect(body.variables).toEqual([
    { name: "width", value: "3", type: "number", variablesReference: 0, evaluateName: "width" },
  ]);
  expect(connection.methods()).toHaveLength(asked);
});

it("says that somebody else resumed the function", async () => {
  const { connection, bodies } = await running();
  connection.raise("Debugger.paused", paused);

  connection.say({ type: "auto-resumed", reason: "deadline" });
  connection.raise("Debugger.resumed", {});

  expect(bodies("continued")).toEqual([{ threadId: 1, allThreadsContinued: false }]);
  expect(bodies("output")).toContainEqual(
    expect.objectContaining({ category: "important", output: expect.stringContaining("time limit") }),
  );
});

it("keeps a pause that is announced again after a reconnect, and sets the breakpoints anew", async () => {
  const { connection, bodies } = await running();
  connection.raise("Debugger.paused", paused);

  connection.reconnect({ paused: true });
  connection.raise("Debugger.paused", paused);
  await settled();

  expect(bodies("stopped")).toHaveLength(1);
  expect(bodies("continued")).toEqual([]);
  expect(connection.methods().filter((method) => method === "Debugger.enable")).toHaveLength(2);
});

it("notices that a function ran on while the connection was down", async () => {
  const { connection, bodies } = await running();
  connection.raise("Debugger.paused", paused);

  connection.reconnect({ paused: false, epoch: 2 });

  expect(bodies("continued")).toHaveLength(1);
});

it("tells what was thrown", async () => {
  const { connection, debuggee } = await running();
  const data = { type: "object", subtype: "error", className: "TypeError", description: "TypeError: no\n    at x" };
  connection.raise("Debugger.paused", { ...paused, reason: "exception", data });

  expect(exceptionInfo(debuggee, { threadId: 1 })).toMatchObject({
    exceptionId: "TypeError",
    description: "TypeError: no",
    details: { stackTrace: "TypeError: no\n    at x" },
  });
});

it("ends the thread of a sandbox that is gone", async () => {
  const { connection, debuggee, bodies } = await running();
  connection.raise("Debugger.paused", paused);

  connection.leave();

  expect(bodies("thread").at(-1)).toEqual({ reason: "exited", threadId: 1 });
  expect(bodies("continued")).toHaveLength(1);
  expect(threads(debuggee)).toEqual({ threads: [] });
});
