import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import type { DebugProtocol } from "@vscode/debugprotocol";
import type { Protocol } from "devtools-protocol";
import { type Backend, breakpointLine, startBackend } from "../lib/backend.ts";
import { StepError } from "../../../scripts/lib/run.ts";
import type { Bench, Outcome } from "../lib/figure.ts";
import { type InlineDap, loadDebugAdapter, startInlineDap } from "../lib/inline-dap.ts";
import { type PlainDebugging, stopInPlainNode } from "../lib/plain-debugging.ts";
import { measured, timed } from "../lib/statistics.ts";

/**
 * One step over, until everything that the editor shows after it is there: the stop, the stack, the scopes and the
 * variables of the first three of them. Ours and plain `node --inspect` take turns.
 */
export const stepLatency: Bench = { name: "step", run: ({ quick }) => measureSteps(quick ? 10 : 200) };

/** Scopes that the editor opens by itself. */
const OPEN_SCOPES = 3;

async function measureSteps(steps: number): Promise<readonly Outcome[]> {
  await using backend = await startBackend();
  loadDebugAdapter();
  // Two stops per turn of the loop: its head and its body.
  const args = [Array.from({ length: steps + 10 }, (_, index) => ({ name: "book", price: index, quantity: 2 }))];
  await using session = startInlineDap(backend.debugTarget);
  const threadId = await stopInLoop(session, backend, args);
  await using plain = await stopPlainInLoop(backend.file, args);
  const times = { ours: [] as number[], plain: [] as number[] };
  for (let step = 0; step < steps; step++) {
    times.ours.push(await timed(() => stepOnce(session, threadId)));
    times.plain.push(await timed(() => stepPlainOnce(plain)));
  }
  await session.request("disconnect");
  const inProcess = await stepInProcess(backend.file, steps, args);
  return [
    {
      what: "one step, with stack, scopes and first-level variables, over loopback",
      ours: measured("FaaSify", "ms", times.ours),
      target: { atMost: 15 },
      baselines: [
        measured("FaaSify, p95", "ms", times.ours, "p95"),
        measured("node --inspect, CDP, scopes in parallel", "ms", times.plain),
        measured("inspector in the process itself, no socket", "ms", inProcess),
      ],
      note: "node's inspector does not set TCP_NODELAY: on Linux each of its bursts waits some 40 ms for an acknowledgement",
    },
  ];
}

async function stopInLoop(session: InlineDap, { file }: Backend, args: unknown[]): Promise<number> {
  const initialized = session.event("initialized");
  const stopped = session.event<DebugProtocol.StoppedEvent["body"]>("stopped");
  await session.request("initialize", { adapterID: "faasify", linesStartAt1: true, columnsStartAt1: true });
  const launched = session.request("launch", { function: `${file}#checkout`, args });
  await initialized;
  const source = { path: file };
  await session.request("setBreakpoints", { source, breakpoints: [{ line: breakpointLine }] });
  await session.request("configurationDone");
  await launched;
  const { threadId = 0 } = await stopped;
  await session.request("setBreakpoints", { source, breakpoints: [] });
  return threadId;
}

async function stepOnce(session: InlineDap, threadId: number): Promise<void> {
  const stopped = session.event("stopped");
  await session.request("next", { threadId });
  await stopped;
  const { stackFrames } = await session.request<DebugProtocol.StackTraceResponse["body"]>("stackTrace", { threadId });
  const [top] = stackFrames;
  if (top?.name !== "checkout") throw new Error(`stepped to ${top?.name ?? "nowhere"}, not to checkout`);
  const { scopes } = await session.request<DebugProtocol.ScopesResponse["body"]>("scopes", { frameId: top.id });
  await Promise.all(
    scopes.slice(0, OPEN_SCOPES).map(({ variablesReference }) => session.request("variables", { variablesReference })),
  );
}

async function stepInProcess(file: string, steps: number, args: unknown[]): Promise<readonly number[]> {
  const script = path.join(import.meta.dirname, "../peers/in-process-steps.ts");
  const words = [script, file, String(breakpointLine), String(steps), JSON.stringify(args)];
  const { stdout } = await promisify(execFile)(process.execPath, words);
  return JSON.parse(stdout) as readonly number[];
}

async function stopPlainInLoop(file: string, args: unknown[]): Promise<PlainDebugging> {
  const script = `import { checkout } from ${JSON.stringify(file)};
checkout(...${JSON.stringify(args)});
`;
  const place = { file, line: breakpointLine };
  const stop = (await stopInPlainNode(script, place)) ?? (await stopInPlainNode(script, place));
  if (!stop) throw new StepError("node --inspect-wait did not stop at the breakpoint, twice");
  const { client, pause } = stop;
  const breakpointId = pause.hitBreakpoints?.[0];
  if (breakpointId !== undefined) await client.send("Debugger.removeBreakpoint", { breakpointId });
  return client;
}

async function stepPlainOnce(client: PlainDebugging): Promise<void> {
  const paused = client.paused();
  await client.send("Debugger.stepOver");
  const { callFrames } = await paused;
  const scopes: readonly Protocol.Debugger.Scope[] = callFrames[0]?.scopeChain ?? [];
  await Promise.all(
    scopes.slice(0, OPEN_SCOPES).map(({ object }) =>
      client.send("Runtime.getProperties", {
        objectId: object.objectId,
        ownProperties: true,
        generatePreview: true,
      }),
    ),
  );
}
