/** VS Code's own debugger runs the scenarios of FaaSify's, on the same sources: it must see what ours has seen. */
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { DebugProtocol } from "@vscode/debugprotocol";
import * as vscode from "vscode";
import { breakpointsOf, play, type Port, type Seen } from "../scenarios/run-scenario.ts";
import { type Scenario, scenarios } from "../scenarios/scenarios.ts";
import { eventually } from "./support.ts";

const repository = process.env["FAASIFY_TEST_REPOSITORY"] ?? "";
const node = process.env["FAASIFY_TEST_NODE"] ?? "node";
const golden = path.join(repository, "test/scenarios/golden");

/** Calls a function as the platform would: Node runs TypeScript as it stands, so places are those of the file. */
const driver = `import { pathToFileURL } from "node:url";
const [file, name, args] = process.argv.slice(2);
const functions = await import(pathToFileURL(file).href);
setImmediate(() => functions[name](...JSON.parse(args)));
`;

interface Told {
  readonly session: vscode.DebugSession;
  readonly event: DebugProtocol.Event;
}

suite("VS Code's own debugger", () => {
  let folder = "";
  let told: Told[] = [];
  let over = 0;
  const subscriptions: vscode.Disposable[] = [];

  suiteSetup(() => {
    folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), "faasify-js-debug-")));
    cpSync(path.join(repository, "test/fixtures/debuggee/src"), folder, { recursive: true });
    writeFileSync(path.join(folder, "driver.mjs"), driver);
    subscriptions.push(
      vscode.debug.registerDebugAdapterTrackerFactory("pwa-node", {
        createDebugAdapterTracker: (session) => ({
          onDidSendMessage: (message: DebugProtocol.Event) => {
            if (message.type === "event" && message.event === "stopped") told.push({ session, event: message });
          },
        }),
      }),
      vscode.debug.onDidTerminateDebugSession(({ parentSession }) => {
        if (!parentSession) over += 1;
      }),
    );
  });

  setup(() => {
    told = [];
    over = 0;
  });

  teardown(async () => {
    vscode.debug.removeBreakpoints(vscode.debug.breakpoints);
    await vscode.debug.stopDebugging();
  });

  suiteTeardown(() => {
    for (const subscription of subscriptions) subscription.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const scenario of scenarios) {
    test(`sees the same: ${scenario.name}`, async () => {
      vscode.debug.addBreakpoints(editorBreakpoints(scenario, folder));
      const started = await vscode.debug.startDebugging(undefined, configurationOf(scenario, folder));
      assert.ok(started);
      const port = portTo(scenario, folder);
      if (scenario.exceptions) await pauseAt(scenario.exceptions, port);
      const seen = await play(scenario, port, { folder });
      assert.deepEqual(comparable(seen), comparable(expected(scenario)));
    });
  }

  function portTo(scenario: Scenario, place: string): Port {
    let taken = 0;
    let last: Told | undefined;
    return {
      send: async (command, args) => {
        assert.ok(last);
        // Of the editor's breakpoints: what one says to the adapter itself, the editor undoes.
        if (command === "setBreakpoints") return vscode.debug.removeBreakpoints(vscode.debug.breakpoints);
        const answer: unknown = await last.session.customRequest(command, args);
        if (command === "stackTrace") withPlainPaths(answer as DebugProtocol.StackTraceResponse["body"]);
        return answer;
      },
      stop: async () => {
        await eventually(
          `a stop in ${scenario.run} of ${place}, or the end`,
          async () => told.length > taken || over > 0,
          (is) => is,
        );
        last = told[taken];
        taken += 1;
        return last?.event.body as DebugProtocol.StoppedEvent["body"] | undefined;
      },
    };
  }
});

/** The editor gives places in a remote one as URIs. */
function withPlainPaths({ stackFrames }: DebugProtocol.StackTraceResponse["body"]): void {
  for (const { source } of stackFrames) {
    if (source?.path?.includes("://")) source.path = vscode.Uri.parse(source.path).path;
  }
}

/** The program stands at its first line: before that there is nobody to tell. */
async function pauseAt(exceptions: "caught" | "uncaught", port: Port): Promise<void> {
  const stop = await port.stop();
  await port.send("setExceptionBreakpoints", { filters: [exceptions === "caught" ? "all" : "uncaught"] });
  await port.send("continue", { threadId: stop?.threadId });
}

function editorBreakpoints(scenario: Scenario, folder: string): vscode.SourceBreakpoint[] {
  return [...breakpointsOf(scenario, { folder })].flatMap(([file, breakpoints]) =>
    (breakpoints as DebugProtocol.SourceBreakpoint[]).map(
      ({ line, column = 1, condition, hitCondition, logMessage }) =>
        new vscode.SourceBreakpoint(
          new vscode.Location(vscode.Uri.file(file), new vscode.Position(line - 1, column - 1)),
          true,
          condition,
          hitCondition,
          logMessage,
        ),
    ),
  );
}

function configurationOf({ run, args, exceptions }: Scenario, folder: string): vscode.DebugConfiguration {
  return {
    type: "pwa-node",
    request: "launch",
    name: `js-debug: ${run}`,
    program: path.join(folder, "driver.mjs"),
    args: [path.join(folder, "scenarios.ts"), run, JSON.stringify(args)],
    cwd: folder,
    runtimeExecutable: node,
    console: "internalConsole",
    internalConsoleOptions: "neverOpen",
    showAsyncStacks: false,
    sourceMaps: false,
    skipFiles: ["<node_internals>/**", "**/driver.mjs"],
    stopOnEntry: exceptions !== undefined,
  };
}

function expected({ name }: Scenario): Seen[] {
  return JSON.parse(readFileSync(path.join(golden, `${name.replaceAll(" ", "-")}.json`), "utf8")) as Seen[];
}

/**
 * Without what the two show differently on purpose: js-debug puts the class of `this` in front of names, sizes into maps
 * and sets, stacks into errors and the accessors of prototypes among the members, which it sorts; a restart of a frame has other names.
 */
function comparable(seen: readonly Seen[]): readonly Seen[] {
  return seen.map(({ reason, stack, variables, answers }) => ({
    reason: /^(?:pause|frame_entry)$/.test(reason) ? "step" : reason,
    stack: stack.filter((frame) => !frame.includes("driver.mjs")).map((frame) => frame.replace(/^[\w.]*\./, "")),
    variables: Object.fromEntries(
      Object.entries(variables)
        .filter(([name]) => !name.endsWith(" returned"))
        .map(([name, value]) => [name, plain(value)]),
    ),
    answers: answers.map((answer) => inOrder(plain(answer)).replace(/(, [^,]*: (?:ƒ [^,]*|undefined))+ \}$/, " }")),
  }));
}

/** The members of what was opened. */
function inOrder(answer: string): string {
  const [, head = "", members = ""] = /^(odd \{ )(.*) \}$/.exec(answer) ?? [];
  return head === "" ? answer : `${head}${members.split(", ").toSorted().join(", ")} }`;
}

function plain(value: string): string {
  if (/^\w*Error: /.test(value)) return value.split("\n", 1)[0] ?? "";
  return value
    .replace(/\bArray\((\d+)\)/g, "($1)")
    .replace(/^((?:Map|Set)\(\d+\) \{)size: \d+, (.*)\}$/, "$1$2}")
    .replace(/^(?:Map|Set)\(\d+\) \{.*\}$/, (whole) => whole.replaceAll("'", ""));
}
