import type { DebugProtocol } from "@vscode/debugprotocol";
import type { Protocol } from "devtools-protocol";
import { parseFunctionRef } from "../../../src/core/function-ref.ts";
import { DEBUG_ENVIRONMENT } from "../../../src/protocol/shim-messages.ts";
import { type Backend, breakpointLine, startBackend } from "../lib/backend.ts";
import { type DistantRelay, startDistantRelay } from "../lib/distant-relay.ts";
import type { Bench, Measured, Outcome } from "../lib/figure.ts";
import { type InlineDap, startInlineDap } from "../lib/inline-dap.ts";
import { type NaiveDebugging, stopNaively } from "../lib/naive-debugging.ts";
import { measured, timed } from "../lib/statistics.ts";

/**
 * One step over a function that is far away, until all is there that an editor shows: stack, scopes, variables, two
 * open objects and two watches. And a breakpoint that is set meanwhile.
 */
export const distantStep: Bench = {
  name: "distant-step",
  run: async ({ quick }) => {
    const outcomes: Outcome[] = [];
    for (const rttMs of [50, 150]) outcomes.push(...(await measureAt(rttMs, quick ? 5 : 40)));
    return outcomes;
  },
};

const OPEN = ["item", "items"];
const WATCHES = ["item.price * item.quantity", "total"];
/** Beside the round trip: what the function's process and the adapter need. */
const STEP_SLACK_MS = 20;
const BREAKPOINT_SLACK_MS = 10;

async function measureAt(rttMs: number, steps: number): Promise<readonly Outcome[]> {
  await using backend = await startBackend();
  // Two stops per turn of the loop: its head and its body.
  const args = [
    Array.from({ length: Math.ceil(steps / 2) + 10 }, (_, index) => ({ name: "book", price: index, quantity: 2 })),
  ];
  const ours = await measureOurs(backend, { rttMs, steps, args });
  const serial = await measureNaive(backend, { rttMs, steps: Math.ceil(steps / 2), args }, stepSerially);
  const parallel = await measureNaive(backend, { rttMs, steps, args }, stepInParallel);
  const bytes = `bytes per step: ${ours.bytesPerStep} against ${serial.bytesPerStep}`;
  return [
    {
      what: `one step with two open objects and two watches, at ${rttMs} ms round trip`,
      ours: measured("FaaSify", "ms", ours.times),
      target: { atMost: rttMs + STEP_SLACK_MS },
      baselines: [
        measured("FaaSify, p95", "ms", ours.times, "p95"),
        measured("naive CDP client, one question after the other", "ms", serial.times),
        measured("naive CDP client, as much as possible at once", "ms", parallel.times),
      ],
      note: bytes,
    },
    {
      what: `breakpoint set until bound in a live sandbox, at ${rttMs} ms round trip`,
      ours: measured("FaaSify", "ms", ours.breakpoints),
      target: { atMost: rttMs + BREAKPOINT_SLACK_MS },
      baselines: [roundTrip(rttMs)],
    },
  ];
}

function roundTrip(rttMs: number): Measured {
  return { name: "the round trip itself", unit: "ms", value: rttMs };
}

interface Setting {
  readonly rttMs: number;
  readonly steps: number;
  readonly args: unknown[];
}

async function measureOurs({ debugTarget, file }: Backend, { rttMs, steps, args }: Setting) {
  await using relay = await startDistantRelay(rttMs);
  await using session = startInlineDap(debugTarget, { startRelay: async () => relay });
  const source = { path: file };
  const threadId = await stopInLoop(session, file, args);
  // The first stops teach the shim what is looked at.
  for (let step = 0; step < 3; step++) await stepOnce(session, threadId);
  const bytesBefore = relay.bytes();
  const times: number[] = [];
  for (let step = 0; step < steps; step++) times.push(await timed(() => stepOnce(session, threadId)));
  const bytesPerStep = Math.round((relay.bytes() - bytesBefore) / steps);
  const breakpoints: number[] = [];
  for (let turn = 0; turn < steps; turn++) {
    breakpoints.push(
      await timed(async () => {
        const wanted = [{ line: breakpointLine, condition: `total === -${turn + 1}` }];
        const { breakpoints: set } = await session.request<DebugProtocol.SetBreakpointsResponse["body"]>(
          "setBreakpoints",
          { source, breakpoints: wanted },
        );
        if (set[0]?.verified !== true) throw new Error("the breakpoint did not bind");
      }),
    );
  }
  await session.request("disconnect");
  return { times, bytesPerStep, breakpoints };
}

async function stopInLoop(session: InlineDap, file: string, args: unknown[]): Promise<number> {
  const initialized = session.event("initialized");
  const stopped = session.event<DebugProtocol.StoppedEvent["body"]>("stopped");
  await session.request("initialize", { adapterID: "faasify", linesStartAt1: true, columnsStartAt1: true });
  const launched = session.request("launch", { function: `${file}#checkout`, args });
  await initialized;
  await session.request("setBreakpoints", { source: { path: file }, breakpoints: [{ line: breakpointLine }] });
  await session.request("configurationDone");
  await launched;
  const { threadId = 0 } = await stopped;
  await session.request("setBreakpoints", { source: { path: file }, breakpoints: [] });
  return threadId;
}

/** As VS Code asks: what is shown inside something else only when that is there. */
async function stepOnce(session: InlineDap, threadId: number): Promise<void> {
  const stopped = session.event("stopped");
  await session.request("next", { threadId });
  await stopped;
  const { stackFrames } = await session.request<DebugProtocol.StackTraceResponse["body"]>("stackTrace", { threadId });
  const frameId = stackFrames[0]?.id ?? 0;
  const watches = WATCHES.map((expression) =>
    // In the loop's head `item` is not there yet: that, too, is an answer.
    session.request("evaluate", { expression, frameId, context: "watch" }).catch(() => undefined),
  );
  const { scopes } = await session.request<DebugProtocol.ScopesResponse["body"]>("scopes", { frameId });
  const open = scopes
    .filter(({ expensive }) => !expensive)
    .map(async ({ variablesReference }) => {
      const { variables } = await session.request<DebugProtocol.VariablesResponse["body"]>("variables", {
        variablesReference,
      });
      const objects = variables.filter(({ name, variablesReference: inside }) => OPEN.includes(name) && inside > 0);
      await Promise.all(
        objects.map((object) => session.request("variables", { variablesReference: object.variablesReference })),
      );
    });
  await Promise.all([...watches, ...open]);
}

async function measureNaive(
  { debugTarget, file }: Backend,
  { rttMs, steps, args }: Setting,
  step: (client: NaiveDebugging) => Promise<void>,
) {
  await using relay: DistantRelay = await startDistantRelay(rttMs);
  const session = relay.openSession();
  const signal = AbortSignal.timeout(600_000);
  const deployment = await debugTarget.deploy(
    {
      function: parseFunctionRef(`${file}#checkout`),
      target: "local",
      request: "launch",
      timeoutMs: 900_000,
      shimEnvironment: { [DEBUG_ENVIRONMENT]: session.environmentValue },
    },
    signal,
  );
  let answer: Promise<unknown> = Promise.resolve();
  const client = await stopNaively(session, {
    zipPath: deployment.artifact.zipPath,
    mark: "total += item.price",
    invoke: () => {
      answer = debugTarget.invoke(deployment, { kind: "arguments", arguments: args }, signal);
    },
  });
  await step(client);
  const bytesBefore = relay.bytes();
  const times: number[] = [];
  for (let turn = 0; turn < steps; turn++) times.push(await timed(() => step(client)));
  const bytesPerStep = Math.round((relay.bytes() - bytesBefore) / steps);
  await session.close();
  await answer;
  await debugTarget.restore(deployment);
  return { times, bytesPerStep };
}

type Question = readonly [method: string, params: object];

function questionsOf({ callFrames }: Protocol.Debugger.PausedEvent): readonly Question[] {
  const [top] = callFrames;
  const scopes = (top?.scopeChain ?? []).filter(({ type }) => type !== "global").slice(0, 3);
  return [
    ...scopes.map(({ object }): Question => propertiesOf(object.objectId ?? "")),
    ...WATCHES.map((expression): Question => [
      "Debugger.evaluateOnCallFrame",
      { callFrameId: top?.callFrameId, expression, generatePreview: true, silent: true },
    ]),
  ];
}

function propertiesOf(objectId: string): Question {
  return ["Runtime.getProperties", { objectId, ownProperties: true, generatePreview: true }];
}

function objectsIn(answers: readonly unknown[]): readonly Question[] {
  return answers
    .flatMap((answer) => {
      const { result } = answer as Protocol.Runtime.GetPropertiesResponse;
      return Array.isArray(result) ? result : [];
    })
    .filter(({ name, value }) => OPEN.includes(name) && value?.objectId !== undefined)
    .map(({ value }) => propertiesOf(value?.objectId ?? ""));
}

async function stepSerially(client: NaiveDebugging): Promise<void> {
  const paused = client.paused();
  await client.send("Debugger.stepOver");
  const answers: unknown[] = [];
  for (const question of questionsOf(await paused)) answers.push(await client.send(...question));
  for (const question of objectsIn(answers)) await client.send(...question);
}

async function stepInParallel(client: NaiveDebugging): Promise<void> {
  const paused = client.paused();
  void client.send("Debugger.stepOver");
  const answers = await Promise.all(questionsOf(await paused).map((question) => client.send(...question)));
  await Promise.all(objectsIn(answers).map((question) => client.send(...question)));
}
