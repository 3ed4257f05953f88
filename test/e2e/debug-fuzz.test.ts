/** Nonsense that passes every schema: against a real shim in a real function, and against the adapter. */
import path from "node:path";
import { expect, it } from "vitest";
import { routes } from "../../src/debug-adapter/routes.ts";
import { createRandom, type Random } from "../fuzz-random.ts";
import { connect, copyProject, createHostTarget, eventually, launch, lineOf } from "./debug-harness.ts";
import { arm, debugged, pause } from "./shim-harness.ts";

const SEED = 7;
const text = `
let calls = 0;
export async function handler(event) {
  calls += 1;
  const answer = { calls, event };
  return answer;
}
`;
/** Of V8's, those that change nothing but the debugger's own state; a debugger may of course end a function. */
const methods = [
  "Debugger.getPossibleBreakpoints",
  "Debugger.setBreakpoint",
  "Debugger.setBreakpointByUrl",
  "Debugger.removeBreakpoint",
  "Debugger.getScriptSource",
  "Debugger.searchInContent",
  "Debugger.evaluateOnCallFrame",
  "Debugger.setVariableValue",
  "Debugger.restartFrame",
  "Debugger.setBlackboxPatterns",
  "Debugger.setBlackboxedRanges",
  "Debugger.setReturnValue",
  "Debugger.setPauseOnExceptions",
  "Runtime.getProperties",
  "Runtime.callFunctionOn",
  "Runtime.releaseObject",
  "Runtime.awaitPromise",
  "Runtime.queryObjects",
  "NodeWorker.enable",
  "NodeWorker.sendMessageToWorker",
  "Nonsense.method",
  "",
];

it("100,000 commands that make no sense are answered by the shim, and the function is unharmed", async () => {
  await using world = await debugged({ "index.mjs": text });
  const { debug, fn } = world;
  const first = fn.invoke("a");
  await arm(debug, fn, text, ["const answer"]);
  await pause(debug);
  const random = createRandom(SEED);
  let answers = 0;
  debug.sandbox.onMessage((message) => {
    if (message.type === "cdp" && typeof message.payload["id"] === "number" && message.payload["id"] >= 1_000_000)
      answers += 1;
  });
  const odd = (): Record<string, unknown> => {
    const params: unknown = random.json();
    return typeof params === "object" && params !== null && !Array.isArray(params) ? { ...params } : {};
  };

  for (let sent = 0; sent < 100_000; sent += 100) {
    for (let index = 0; index < 100; index++) {
      const payload = { id: 1_000_000 + sent + index, method: random.pick(methods), params: odd() };
      debug.sandbox.send({ type: "cdp", payloads: [payload] });
    }
    debug.sandbox.send({ type: "unwanted", ids: [random.below(100)] });
    debug.sandbox.send({ type: "stop-budget", remaining: random.below(5) });
    await eventually("the shim keeps up", () => answers > sent - 20_000);
  }
  await eventually("all answers", () => answers === 100_000);
  await debug.request("Debugger.setSkipAllPauses", { skip: true });
  await debug.request("Debugger.resume");

  expect((await first).result).toEqual({ calls: 1, event: "a" });
  expect((await fn.invoke("b")).result).toEqual({ calls: 2, event: "b" });
  await world.session.close();
  await fn.freed();
  expect((await fn.invoke("c")).result).toEqual({ calls: 3, event: "c" });
});

/** All that a client may ask, but what ends the session or an invocation, or begins another. */
const requests = [...routes.keys(), "nonsense"].filter(
  (name) =>
    ![
      "launch",
      "attach",
      "disconnect",
      "terminate",
      "terminateThreads",
      "restart",
      "faasify/hotDeploy",
      "faasify/invoke",
    ].includes(name),
);

it("20,000 requests in random order are answered by the adapter, and the function is unharmed", async () => {
  const folder = copyProject();
  const file = path.join(folder, "src/orders.ts");
  const target = createHostTarget(folder);
  const client = await connect(target);
  await launch(client, { function: `${file}#total` }, async () => {
    const breakpoints = [{ line: lineOf(file, "sum += item.price") }];
    await client.setBreakpointsRequest({ source: { path: file }, breakpoints });
  });
  const items = Array.from({ length: 500 }, () => ({ name: "pen", price: 1, quantity: 2 }));
  const invoke = () => target.invokeFromOutside({ kind: "arguments", arguments: [items] });
  const invocation = invoke();
  await client.next("stopped");
  const random = createRandom(SEED);
  client.speakNonsense();
  let answered = 0;
  const outcomes = { done: 0, refused: 0 };
  const bugs = new Set<string>();
  for (let sent = 0; sent < 20_000;) {
    for (let index = 0; index < 50; index++, sent++) {
      const command = random.pick(requests);
      const wellTyped = random.below(2) === 0;
      void client.send(command, argumentsOf(random, file, wellTyped)).then(
        () => {
          answered += 1;
          outcomes.done += 1;
        },
        (error: unknown) => {
          answered += 1;
          outcomes.refused += 1;
          if (String(error).includes("Internal error")) bugs.add(`${command}: ${String(error).slice(0, 300)}`);
        },
      );
    }
    await eventually("the adapter keeps up", () => answered > sent - 500);
  }
  await eventually("all answers", () => answered === 20_000);

  expect(outcomes.done).toBeGreaterThan(1000);
  expect(outcomes.refused).toBeGreaterThan(1000);
  expect([...bugs]).toEqual([]);
  await client.disconnectRequest();
  expect((await invocation).error).toBeUndefined();
  expect((await invoke()).result).toBe(1000);
}, 900_000);

/** What a client could send, or the same with parts that DAP does not allow. */
function argumentsOf(random: Random, file: string, wellTyped: boolean): object {
  const small = () => random.below(40);
  const sensible = {
    threadId: 1,
    frameId: small(),
    variablesReference: small(),
    expression: random.pick(["sum", "items", "item.price", "1 +", "note", "{}"]),
    context: random.pick(["watch", "hover", "repl", "clipboard"]),
    name: random.pick(["sum", "item", "x"]),
    value: random.pick(["1", "nonsense(", "'text'"]),
    source: { path: file },
    line: small(),
    column: small(),
    text: "su",
    // Of lines, of functions and of data.
    breakpoints: [
      { line: small(), name: "total", dataId: "nothing" },
      { line: small(), name: "x", dataId: "0", condition: random.pick(["sum > 1", "("]) },
    ],
    filters: random.below(3) === 0 ? ["caught"] : [],
    sourceReference: small(),
    pathFormat: "path",
    adapterID: "faasify",
  };
  if (wellTyped) return sensible;
  const odd = random.json();
  const replaced = Object.keys(sensible).filter(() => random.below(4) === 0);
  return { ...sensible, ...Object.fromEntries(replaced.map((name) => [name, odd])) };
}
