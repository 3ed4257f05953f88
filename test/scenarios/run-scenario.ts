/** Runs a scenario against any debug adapter, and tells what a user sees at each stop. */
import { readFileSync } from "node:fs";
import path from "node:path";
import type { DebugProtocol } from "@vscode/debugprotocol";
import type { Action, Scenario, ScenarioBreakpoint } from "./scenarios.ts";

/** A started session of whichever adapter. */
export interface Port {
  send(command: string, args: object): Promise<unknown>;
  /** The next stop, or the end. */
  stop(): Promise<DebugProtocol.StoppedEvent["body"] | undefined>;
}

/** What is the same for every debugger that is right. */
export interface Seen {
  readonly reason: string;
  /** `name file:line`, of the user's files only, innermost first. */
  readonly stack: readonly string[];
  /** Of the innermost scopes up to the function's. */
  readonly variables: Readonly<Record<string, string>>;
  readonly answers: readonly string[];
}

const HOW_TO_GO_ON: ReadonlySet<Action> = new Set<Action>(["continue", "next", "stepIn", "stepOut", "restartFrame"]);

export interface Place {
  /** Of the fixture's sources. */
  readonly folder: string;
}

/** What `setBreakpoints` takes, by file. */
export function breakpointsOf({ breakpoints = [] }: Scenario, { folder }: Place): Map<string, object[]> {
  const byFile = new Map<string, object[]>();
  for (const breakpoint of breakpoints) {
    const file = path.join(folder, breakpoint.file ?? "scenarios.ts");
    byFile.set(file, [...(byFile.get(file) ?? []), toDap(file, breakpoint)]);
  }
  return byFile;
}

function toDap(file: string, { at, behind, condition, hitCondition, logMessage }: ScenarioBreakpoint): object {
  const texts = readFileSync(file, "utf8").split("\n");
  const index = texts.findIndex((text) => text.includes(at));
  if (index < 0) throw new Error(`${file} has no line with ${at}`);
  const column = behind === undefined ? {} : { column: (texts[index] ?? "").indexOf(behind) + behind.length + 1 };
  return {
    line: index + 1,
    ...column,
    ...(condition !== undefined && { condition }),
    ...(hitCondition !== undefined && { hitCondition }),
    ...(logMessage !== undefined && { logMessage }),
  };
}

/** From the first stop to the end. */
export async function play(scenario: Scenario, port: Port, place: Place): Promise<Seen[]> {
  const seen: Seen[] = [];
  const left = [...scenario.stops];
  for (let stop = await port.stop(); stop; stop = await port.stop()) {
    seen.push(await look(scenario, port, place, { stop, actions: left.shift() ?? ["continue"] }));
  }
  return seen;
}

async function look(
  scenario: Scenario,
  port: Port,
  { folder }: Place,
  { stop, actions }: { readonly stop: DebugProtocol.StoppedEvent["body"]; readonly actions: readonly Action[] },
): Promise<Seen> {
  const { threadId = 0, reason } = stop;
  const { stackFrames } = (await port.send("stackTrace", {
    threadId,
    startFrame: 0,
    levels: 20,
  })) as DebugProtocol.StackTraceResponse["body"];
  const frames = stackFrames.filter(({ source }) => source?.path?.startsWith(folder));
  const [top] = frames;
  const variables = top ? await variablesOf(port, top.id) : new Map<string, DebugProtocol.Variable>();
  const shown = [...variables].map(([name, { value }]) => [name, value] as const);
  const answers: string[] = [];
  for (const action of actions) {
    if (HOW_TO_GO_ON.has(action)) continue;
    answers.push(...(await ask(scenario, port, { folder }, { action, variables, frameId: top?.id ?? 0 })));
  }
  const goOn = actions.find((action) => HOW_TO_GO_ON.has(action)) ?? "continue";
  if (typeof goOn === "string") await port.send(goOn, goOn === "restartFrame" ? { frameId: top?.id } : { threadId });
  return { reason, stack: frames.map(describe), variables: Object.fromEntries(shown), answers };
}

function describe({ name, source, line }: DebugProtocol.StackFrame): string {
  return `${name} ${path.basename(source?.path ?? "")}:${line}`;
}

/** Of the scopes in front of the function's closure. */
async function variablesOf(port: Port, frameId: number): Promise<Map<string, DebugProtocol.Variable>> {
  const found = new Map<string, DebugProtocol.Variable>();
  const { scopes } = (await port.send("scopes", { frameId })) as DebugProtocol.ScopesResponse["body"];
  for (const { name, variablesReference } of scopes.filter(({ expensive }) => !expensive)) {
    if (!/^(?:Local|Block|Catch)/.test(name)) continue;
    for (const variable of await membersOf(port, variablesReference)) {
      if (!found.has(variable.name) && variable.name !== "this") found.set(variable.name, variable);
    }
  }
  return new Map([...found].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

async function membersOf(port: Port, variablesReference: number): Promise<DebugProtocol.Variable[]> {
  const body = (await port.send("variables", { variablesReference })) as DebugProtocol.VariablesResponse["body"];
  return body.variables;
}

interface Asked {
  readonly action: Action;
  readonly variables: ReadonlyMap<string, DebugProtocol.Variable>;
  readonly frameId: number;
}

async function ask(
  scenario: Scenario,
  port: Port,
  place: Place,
  { action, variables, frameId }: Asked,
): Promise<string[]> {
  if (action === "clear") {
    for (const file of breakpointsOf(scenario, place).keys())
      await port.send("setBreakpoints", { source: { path: file }, breakpoints: [] });
    return [];
  }
  if (typeof action === "string") return [];
  if ("evaluate" in action) return [`${action.evaluate} = ${await evaluate(port, frameId, action.evaluate)}`];
  if ("set" in action) {
    await port.send("setExpression", { expression: action.set, value: action.to, frameId });
    return [];
  }
  const members = await membersOf(port, variables.get(action.expand)?.variablesReference ?? 0);
  const shown = members.filter(({ name }) => !name.startsWith("[[")).map(({ name, value }) => `${name}: ${value}`);
  return [`${action.expand} { ${shown.join(", ")} }`];
}

async function evaluate(port: Port, frameId: number, expression: string): Promise<string> {
  try {
    const answer = await port.send("evaluate", { expression, frameId, context: "watch" });
    return (answer as DebugProtocol.EvaluateResponse["body"]).result;
  } catch (error) {
    return /not defined/.test(String(error)) ? "(not defined)" : String(error);
  }
}
