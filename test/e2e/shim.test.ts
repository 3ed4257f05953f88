import { expect, it } from "vitest";
import { arm, debugged, locate, pause, type PausedEvent, setBreakpoint } from "./shim-harness.ts";

const adder = `
import { setTimeout as wait } from "node:timers/promises";
const box = { tax: 19, lines: ["a", "b"] };
export async function handler(event) {
  const price = event.price ?? 100;
  await wait(1);
  const total = add(price, box.tax);
  console.log("total", total);
  return { total };
}
function add(a, b) {
  const sum = a + b;
  return sum;
}
`;

it("stops at a breakpoint set before the code was loaded, and goes on with what the debugger changed", async () => {
  await using world = await debugged({ "index.mjs": adder });
  const { debug, fn } = world;
  const answer = fn.invoke({ price: 1 });

  await arm(debug, fn, adder, ["const sum"]);
  const { callFrames } = await pause(debug);
  const [top] = callFrames;
  const evaluated = await debug.request("Debugger.evaluateOnCallFrame", { ...id(top), expression: "a + b" });
  const change = { scopeNumber: 0, variableName: "a", newValue: { value: 23 }, ...id(top) };
  await debug.request("Debugger.setVariableValue", change);
  await debug.request("Debugger.resume");

  expect(debug.sandbox.hello).toMatchObject({
    functionName: "demo",
    buildId: "b1",
    taskRoot: fn.folder,
    runtime: `nodejs${process.versions.node}`,
    epoch: 1,
    paused: false,
  });
  expect(callFrames.slice(0, 2).map((frame) => frame.functionName)).toEqual(["add", "handler"]);
  expect(top?.url).toBe(fn.url("index.mjs"));
  expect(evaluated["result"]).toMatchObject({ value: 20 });
  expect((await answer).result).toEqual({ total: 42 });
  expect(await debug.next((m) => m.type === "invocation-ended")).toMatchObject({ requestId: "request-1" });
});

it("sends the top frame's variables along with a pause, but not the global object", async () => {
  await using world = await debugged({ "index.mjs": adder });
  void world.fn.invoke({ price: 1 });

  await arm(world.debug, world.fn, adder, ["const total"]);
  const event = await world.debug.event("Debugger.paused");
  const { callFrames } = event.params as PausedEvent;
  const scopes = callFrames[0]?.scopeChain ?? [];
  const local = event.prefetched?.[scopes[0]?.object.objectId ?? ""];
  const module = event.prefetched?.[scopes.find(({ type }) => type === "module")?.object.objectId ?? ""];
  const global = scopes.find(({ type }) => type === "global")?.object.objectId ?? "missing";

  expect(local?.["result"]).toContainEqual(
    expect.objectContaining({ name: "price", value: expect.objectContaining({ value: 1 }) }),
  );
  expect(JSON.stringify(module)).toContain('"preview":{"type":"object","description":"Object"');
  expect(event.prefetched).not.toHaveProperty([global]);
});

it("leaves a scope with very many variables to the editor", async () => {
  const names = Array.from({ length: 300 }, (_, i) => `const v${i} = ${i};`).join("\n");
  const uses = Array.from({ length: 300 }, (_, i) => `v${i}`).join(", ");
  const text = `${names}\nexport async function handler() {\n  debugger;\n  return [${uses}].length;\n}\n`;
  await using world = await debugged({ "index.mjs": text });
  const answer = world.fn.invoke();

  await arm(world.debug, world.fn, text, []);
  const event = await world.debug.event("Debugger.paused");
  const scopes = (event.params as PausedEvent).callFrames[0]?.scopeChain ?? [];
  await world.debug.request("Debugger.resume");

  expect(scopes.find(({ type }) => type === "module")).toBeDefined();
  expect(event.prefetched).not.toHaveProperty([scopes.find(({ type }) => type === "module")?.object.objectId ?? ""]);
  expect((await answer).result).toBe(300);
});

it("steps in, over and out, and never shows Node's own code", async () => {
  await using world = await debugged({ "index.mjs": adder });
  const { debug } = world;
  const answer = world.fn.invoke({ price: 1 });
  const after = async (step: string): Promise<string> => {
    await debug.request(step);
    const { callFrames } = await pause(debug);
    return `${callFrames[0]?.functionName}:${callFrames[0]?.location.lineNumber}`;
  };

  await arm(debug, world.fn, adder, ["const price"]);
  await pause(debug);

  expect(await after("Debugger.stepOver")).toBe("handler:5");
  expect(await after("Debugger.stepOver")).toBe("handler:6");
  expect(await after("Debugger.stepInto")).toBe("add:11");
  expect(await after("Debugger.stepOut")).toMatch(/^handler:[67]$/);
  await debug.request("Debugger.stepOut");
  expect((await answer).result).toEqual({ total: 20 });
  expect(debug.messages.filter((m) => m.type === "cdp" && m.payload["method"] === "Debugger.paused")).toHaveLength(5);
});

it("ends quietly when the user steps over the last line of a synchronous part", async () => {
  const text = `exports.handler = (event, context, callback) => {\n  callback(null, "called back");\n};\n`;
  await using world = await debugged({ "index.cjs": text });
  const answer = world.fn.invoke();

  await arm(world.debug, world.fn, text, ["callback(null"]);
  await pause(world.debug);
  await world.debug.request("Debugger.stepOut");

  expect((await answer).result).toBe("called back");
});

it("forwards console output and no script but the user's and the platform's", async () => {
  await using world = await debugged({ "index.mjs": adder });
  const answer = world.fn.invoke({ price: 1 });

  await arm(world.debug, world.fn, adder, []);
  const output = await world.debug.event("Runtime.consoleAPICalled");
  await answer;

  expect(output.params).toMatchObject({ type: "log", args: [{ value: "total" }, { value: 20 }] });
  const urls = world.debug.messages
    .filter((m) => m.type === "cdp" && m.payload["method"] === "Debugger.scriptParsed")
    .map((m) => (m.type === "cdp" ? (m.payload["params"] as { url: string }).url : ""));
  expect(urls).toContain(world.fn.url("index.mjs"));
  expect(urls.filter((url) => url.startsWith("node:") || url.includes("faasify-shim"))).toEqual([]);
});

const thrower = `
import { setTimeout as wait } from "node:timers/promises";
export async function handler({ when }) {
  try { throw new Error("inner"); } catch {}
  if (when === "early") throw new TypeError("early");
  await wait(1);
  await deeper();
}
async function deeper() {
  await null;
  throw Object.assign(new RangeError("late"), { code: "E_LATE" });
}
`;

it.each(["early", "late"])(
  "pauses on an uncaught exception (%s), not on a caught one, and reports it unchanged",
  async (when) => {
    await using world = await debugged({ "index.mjs": thrower });
    const answer = world.fn.invoke({ when });

    await world.debug.request("Debugger.enable");
    await world.debug.request("Debugger.setPauseOnExceptions", { state: "uncaught" });
    world.debug.sandbox.send({ type: "ready" });
    const paused = await pause(world.debug);
    await world.debug.request("Debugger.resume");

    expect(paused.data?.description).toContain(when);
    expect((await answer).error).toEqual(
      when === "early"
        ? { name: "TypeError", message: "early" }
        : { name: "RangeError", message: "late", code: "E_LATE" },
    );
    expect(await world.debug.next((m) => m.type === "invocation-ended")).toMatchObject({ error: when });

    await world.debug.request("Debugger.setPauseOnExceptions", { state: "none" });
    expect((await world.fn.invoke({ when: "early" })).error).toMatchObject({ message: "early" });
  },
);

it("pauses on an uncaught exception of a synchronous handler", async () => {
  const text = `exports.handler = () => { throw new Error("sync"); };\n`;
  await using world = await debugged({ "index.cjs": text });
  const answer = world.fn.invoke();

  await world.debug.request("Debugger.enable");
  await world.debug.request("Debugger.setPauseOnExceptions", { state: "uncaught" });
  world.debug.sandbox.send({ type: "ready" });
  const paused = await pause(world.debug);
  await world.debug.request("Debugger.resume");

  expect(paused.data?.description).toContain("sync");
  expect((await answer).error).toMatchObject({ message: "sync" });
});

it("pauses on caught exceptions when asked to", async () => {
  await using world = await debugged({ "index.mjs": thrower });
  void world.fn.invoke({ when: "never" });

  await world.debug.request("Debugger.enable");
  await world.debug.request("Debugger.setPauseOnExceptions", { state: "all" });
  world.debug.sandbox.send({ type: "ready" });

  expect((await pause(world.debug)).data?.description).toContain("inner");
});

it("debugs warm invocations with the same breakpoints, each announced with its time left", async () => {
  await using world = await debugged({ "index.mjs": adder });
  const { debug, fn } = world;
  const first = fn.invoke({ price: 1 });
  await arm(debug, fn, adder, ["const sum"]);
  await pause(debug);
  await debug.request("Debugger.resume");
  await first;

  const second = fn.invoke({ price: 2 }, 30_000);
  await pause(debug);
  await debug.request("Debugger.resume");

  expect((await second).result).toEqual({ total: 21 });
  const started = await debug.next((m) => m.type === "invocation-started" && m.requestId === "request-2");
  expect(started.type === "invocation-started" && started.remainingMs).toBeGreaterThan(20_000);
});

// Node 22 serves an inspector in a tight loop only when the loop has ended, once there was a breakpoint; also without us.
it.skipIf(process.versions.node.startsWith("22."))(
  "pauses a function that is in a loop, and lets the debugger end the loop",
  async () => {
    const text = `export async function handler() {\n  let stop = false;\n  let n = 0;\n  while (!stop) n += 1;\n  return "stopped";\n}\n`;
    await using world = await debugged({ "index.mjs": text });
    const answer = world.fn.invoke();
    await arm(world.debug, world.fn, text, ["let n"]);
    await pause(world.debug);
    await world.debug.request("Debugger.resume");

    await world.debug.request("Debugger.pause");
    const { callFrames } = await pause(world.debug);
    await world.debug.request("Debugger.evaluateOnCallFrame", { ...id(callFrames[0]), expression: "stop = true" });
    await world.debug.request("Debugger.resume");

    expect((await answer).result).toBe("stopped");
  },
);

it("binds breakpoints in CommonJS, and in a module with top-level await", async () => {
  const common = `const two = 2;\nexports.handler = async () => {\n  return two;\n};\n`;
  const awaiting = `const two = await Promise.resolve(2);\nexport const handler = async () => {\n  return two;\n};\n`;
  for (const [file, text] of [
    ["index.cjs", common],
    ["index.mjs", awaiting],
  ] as const) {
    await using world = await debugged({ [file]: text });
    const answer = world.fn.invoke();
    await arm(world.debug, world.fn, text, ["const two", "return two"]);
    const lines: number[] = [];
    for (const _ of [1, 2]) {
      lines.push((await pause(world.debug)).callFrames[0]?.location.lineNumber ?? -1);
      await world.debug.request("Debugger.resume");
    }

    expect(lines).toEqual([0, locate(text, "return two").lineNumber]);
    expect((await answer).result).toBe(2);
  }
});

it("refuses to hand out its own thread, and says so", async () => {
  await using world = await debugged({ "index.mjs": adder });
  void world.fn.invoke();

  await expect(world.debug.request("NodeWorker.enable", { waitForDebuggerOnStart: true })).rejects.toThrow(
    "not served by the debug shim",
  );
  await expect(world.debug.request("Foo.bar")).rejects.toThrow(/-32601.*wasn't found/);
});

it("leaves the function as it was when the debugger detaches", async () => {
  const text = `
import inspector from "node:inspector";
const found = process.emit;
export async function handler() {
  let hits = 0;
  hits += 1;
  return { hits, ownEmit: Object.hasOwn(process, "emit") && process.emit !== found, environment: "FAASIFY_DEBUG" in process.env, url: inspector.url() };
}
`;
  await using world = await debugged({ "index.mjs": text });
  const first = world.fn.invoke();
  await arm(world.debug, world.fn, text, ["hits += 1"]);
  await pause(world.debug);

  await world.session.close();
  await first;
  await world.fn.freed();
  const later = await Promise.all([world.fn.invoke(), world.fn.invoke()]);

  for (const answer of later) expect(answer.result).toEqual({ hits: 1, ownEmit: false, environment: false });
  expect(world.debug.sandbox.connected).toBe(false);
});

it("still reports what an invocation throws when the debugger has left in the middle of it", async () => {
  await using world = await debugged({ "index.mjs": thrower });
  const first = world.fn.invoke({ when: "late" });
  await arm(world.debug, world.fn, thrower, ["await deeper"]);
  await pause(world.debug);

  await world.session.close();

  expect((await first).error).toEqual({ name: "RangeError", message: "late", code: "E_LATE" });
  await world.fn.freed();
  expect((await world.fn.invoke({ when: "early" })).error).toMatchObject({ message: "early" });
});

it("keeps a pause that was asked for while nothing ran for the user's next code", async () => {
  await using world = await debugged({ "index.mjs": adder });
  const first = world.fn.invoke({ price: 1 });
  await arm(world.debug, world.fn, adder, []);
  await first;

  await world.debug.request("Debugger.pause");
  const second = world.fn.invoke({ price: 2 });
  const { callFrames } = await pause(world.debug);
  await world.debug.request("Debugger.resume");

  expect(callFrames[0]?.functionName).toBe("handler");
  expect((await second).result).toEqual({ total: 21 });
});

it("pauses in the user's code when it was asked to while the function waited", async () => {
  const text = `
import { setTimeout as wait } from "node:timers/promises";
export async function handler() {
  globalThis.stop = false;
  console.log("here");
  while (!globalThis.stop) await wait(10);
  return "stopped";
}
`;
  await using world = await debugged({ "index.mjs": text });
  const answer = world.fn.invoke();
  await arm(world.debug, world.fn, text, []);
  await world.debug.event("Runtime.consoleAPICalled");

  await world.debug.request("Debugger.pause");
  const { callFrames } = await pause(world.debug);
  // The event may have overtaken console.log, whose frames are then above.
  const frame = callFrames.find(({ functionName }) => functionName === "handler");
  const change = { callFrameId: frame?.callFrameId ?? "", expression: "globalThis.stop = true" };
  await world.debug.request("Debugger.evaluateOnCallFrame", change);
  await world.debug.request("Debugger.resume");

  expect(frame).toBeDefined();
  expect((await answer).result).toBe("stopped");
});

it.each([
  ["process.exit", `process.exit(7);`, 7],
  ["a crash", `setTimeout(() => { throw new Error("crashed"); }, 1); await new Promise(() => {});`, 1],
  [
    "a signal",
    `process.kill(process.pid, "SIGTERM"); await new Promise((resolve) => setTimeout(resolve, 60_000));`,
    "SIGTERM",
  ],
] as const)("does not delay the end of the process by %s", async (_, code, exit) => {
  const text = `export async function handler() {\n  ${code}\n}\n`;
  await using world = await debugged({ "index.mjs": text }, { graceMs: 200 });
  const gone = new Promise<void>((resolve) => void world.debug.sandbox.onGone(resolve));
  void world.fn.invoke();
  await arm(world.debug, world.fn, text, []);

  expect(await world.fn.exited).toBe(exit);
  // At a signal Node says so whoever is attached.
  expect(world.fn.output().includes("Waiting for the debugger")).toBe(exit === "SIGTERM");
  await gone;
});

it("stops in code that loads on first use", async () => {
  const helper = `export const twice = (n) => {\n  return n * 2;\n};\n`;
  const text = `export async function handler() {\n  const { twice } = await import("./index2.mjs");\n  return twice(4);\n}\n`;
  await using world = await debugged({ "index.mjs": text, "index2.mjs": helper });
  const answer = world.fn.invoke();
  await world.debug.request("Debugger.enable");
  await world.debug.request("Debugger.setBreakpointByUrl", { url: world.fn.url("index2.mjs"), lineNumber: 1 });
  await setBreakpoint(world.debug, world.fn, text, "return twice");
  world.debug.sandbox.send({ type: "ready" });
  await pause(world.debug);
  await world.debug.request("Debugger.resume");

  expect((await pause(world.debug)).callFrames[0]?.functionName).toBe("twice");
  await world.debug.request("Debugger.resume");
  expect((await answer).result).toBe(8);
});

function id(frame: PausedEvent["callFrames"][number] | undefined): { callFrameId: string } {
  return { callFrameId: frame?.callFrameId ?? "" };
}
