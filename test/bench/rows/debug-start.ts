import type { DebugProtocol } from "@vscode/debugprotocol";
import { breakpointLine, checkoutArguments, startBackend, type Backend } from "../lib/backend.ts";
import type { Bench, Outcome } from "../lib/figure.ts";
import { loadDebugAdapter, startInlineDap, type InlineDap } from "../lib/inline-dap.ts";
import { stopInPlainNode } from "../lib/plain-debugging.ts";
import { measured, timed } from "../lib/statistics.ts";

/**
 * From the click on Debug to the stop at the breakpoint, with everything that the editor asks on the way: package with
 * the shim, deploy, invoke, connect back, bind the breakpoint. Each round debugs another text of the file.
 */
export const debugStart: Bench = { name: "debug", run: ({ quick }) => measureDebugStart(quick ? 3 : 15) };

async function measureDebugStart(rounds: number): Promise<readonly Outcome[]> {
  await using backend = await startBackend();
  loadDebugAdapter();
  await debugOnce(backend);
  const times = { ours: [] as number[], plain: [] as number[] };
  for (let percent = 1; percent <= rounds; percent++) {
    backend.save(percent);
    times.ours.push(await debugOnce(backend));
    const plain = await debugPlainOnce(backend.file);
    if (plain !== undefined) times.plain.push(plain);
  }
  return [
    {
      what: "Debug clicked → stopped at the breakpoint, platform running",
      ours: measured("FaaSify", "ms", times.ours),
      target: { atMost: 800 },
      baselines: [measured("node --inspect-wait, CDP, breakpoint", "ms", times.plain)],
    },
  ];
}

/** Milliseconds until the stop; then the session runs to its end, and the function is as it was found. */
async function debugOnce({ debugTarget, file }: Backend): Promise<number> {
  await using session = startInlineDap(debugTarget);
  const milliseconds = await timed(() => stopAtBreakpoint(session, file));
  const terminated = session.event("terminated");
  await session.request("setBreakpoints", { source: { path: file }, breakpoints: [] });
  await session.request("continue", { threadId: await onlyThread(session) });
  await terminated;
  await session.request("disconnect");
  return milliseconds;
}

async function stopAtBreakpoint(session: InlineDap, file: string): Promise<void> {
  const initialized = session.event("initialized");
  const stopped = session.event<DebugProtocol.StoppedEvent["body"]>("stopped");
  await session.request("initialize", { adapterID: "faasify", linesStartAt1: true, columnsStartAt1: true });
  const launched = session.request("launch", {
    type: "faasify",
    request: "launch",
    function: `${file}#checkout`,
    args: checkoutArguments,
  });
  await initialized;
  await session.request("setBreakpoints", { source: { path: file }, breakpoints: [{ line: breakpointLine }] });
  await session.request("configurationDone");
  await Promise.race([stopped, launched.then(() => stopped)]);
  const { threadId = 0 } = await stopped;
  const { stackFrames } = await session.request<DebugProtocol.StackTraceResponse["body"]>("stackTrace", { threadId });
  expectLine(stackFrames[0]?.line);
}

async function onlyThread(session: InlineDap): Promise<number> {
  const { threads } = await session.request<DebugProtocol.ThreadsResponse["body"]>("threads");
  const [thread] = threads;
  if (!thread) throw new Error("no thread is there");
  return thread.id;
}

/** Undefined when Node did not stop. */
async function debugPlainOnce(file: string): Promise<number | undefined> {
  const script = `import { checkout } from ${JSON.stringify(file)};
checkout(...${JSON.stringify(checkoutArguments)});
`;
  const started = performance.now();
  const stop = await stopInPlainNode(script, { file, line: breakpointLine });
  const milliseconds = performance.now() - started;
  if (!stop) return undefined;
  await using _client = stop.client;
  expectLine((stop.pause.callFrames[0]?.location.lineNumber ?? -1) + 1);
  return milliseconds;
}

function expectLine(line: number | undefined): void {
  if (line !== breakpointLine) throw new Error(`stopped at line ${line}, not at ${breakpointLine}`);
}
