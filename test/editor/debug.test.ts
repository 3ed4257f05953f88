import assert from "node:assert/strict";
import type { DebugProtocol } from "@vscode/debugprotocol";
import * as vscode from "vscode";
import { click, eventually, lensesAbove, lineOf, messagesDuring, open, replace, waitMs } from "./support.ts";

const gross = "export function gross";
const ready = (titles: readonly string[]): boolean => titles.includes("Invoke");

suite("debugging a deployed function", () => {
  let seen: DebugProtocol.ProtocolMessage[] = [];
  let tracker: vscode.Disposable | undefined;

  suiteSetup(() => {
    tracker = vscode.debug.registerDebugAdapterTrackerFactory("faasify", {
      createDebugAdapterTracker: () => ({
        onDidSendMessage: (message: DebugProtocol.ProtocolMessage) => seen.push(message),
      }),
    });
  });

  setup(() => {
    seen = [];
  });

  teardown(async () => {
    const document = await open("src/prices.ts");
    if (document.getText().includes("vatRate = 0.5")) await replace(document, "vatRate = 0.5", "vatRate = 0.2");
    await document.save();
    vscode.debug.removeBreakpoints(vscode.debug.breakpoints);
    await vscode.debug.stopDebugging();
    await eventually(
      "debug session",
      async () => vscode.debug.activeDebugSession?.name,
      (name) => name === undefined,
    );
  });

  suiteTeardown(() => tracker?.dispose());

  const events = (name: string): DebugProtocol.Event[] =>
    seen.filter(
      (message): message is DebugProtocol.Event =>
        message.type === "event" && "event" in message && message.event === name,
    );

  /** Waits for the n-th stop of the session (from 1) and returns what the editor would show. */
  async function stopped(count: number): Promise<{ line: number; path: string; frameId: number; threadId: number }> {
    await eventually(
      "stops",
      async () => events("stopped").length,
      (length) => length >= count,
    );
    const session = vscode.debug.activeDebugSession;
    assert.ok(session);
    const { threadId } = (events("stopped")[count - 1] as DebugProtocol.StoppedEvent).body;
    assert.ok(threadId !== undefined);
    const { stackFrames } = (await session.customRequest("stackTrace", {
      threadId,
      startFrame: 0,
      levels: 1,
    })) as DebugProtocol.StackTraceResponse["body"];
    const [top] = stackFrames;
    assert.ok(top);
    return { line: top.line, path: pathOf(top.source?.path ?? ""), frameId: top.id, threadId };
  }

  async function variable(frameId: number, name: string): Promise<string | undefined> {
    const session = vscode.debug.activeDebugSession;
    assert.ok(session);
    const { scopes } = (await session.customRequest("scopes", { frameId })) as DebugProtocol.ScopesResponse["body"];
    for (const { variablesReference, expensive } of scopes) {
      if (expensive) continue;
      const { variables } = (await session.customRequest("variables", {
        variablesReference,
      })) as DebugProtocol.VariablesResponse["body"];
      const found = variables.find((candidate) => candidate.name === name);
      if (found) return found.value;
    }
    return undefined;
  }

  const request = (command: string, threadId: number): Thenable<unknown> => {
    const session = vscode.debug.activeDebugSession;
    assert.ok(session);
    return session.customRequest(command, { threadId });
  };

  test("a launch configuration stops at the breakpoint, shows variables, steps and ends", async () => {
    const document = await open("src/prices.ts");
    await lensesAbove(document, gross, ready);
    const line = setBreakpoint(document, "const vat =");

    const started = await vscode.debug.startDebugging(vscode.workspace.workspaceFolders?.[0], {
      type: "faasify",
      request: "launch",
      name: "gross",
      function: "${workspaceFolder}/src/prices.ts#gross",
      args: [100, 20],
    });

    assert.equal(started, true);
    const stop = await stopped(1);
    assert.deepEqual([stop.path, stop.line], [document.uri.fsPath, line]);
    assert.equal(await variable(stop.frameId, "reduced"), "80");
    await request("next", stop.threadId);
    const next = await stopped(2);
    assert.equal(next.line, line + 1);
    assert.equal(await variable(next.frameId, "vat"), "16");
    await request("continue", next.threadId);
    await eventually(
      "terminated",
      async () => events("terminated").length,
      (count) => count === 1,
    );
  });

  test("Invoke stops when there is a breakpoint; a hot deploy keeps session and breakpoint and runs the new code", async () => {
    const document = await open("src/prices.ts");
    const lenses = await lensesAbove(document, gross, ready);
    const line = setBreakpoint(document, "const vat =");

    const first = messagesDuring(() => click(lenses, "Invoke", "[100, 20]"));
    const stop = await stopped(1);
    assert.equal(stop.line, line);
    await request("continue", stop.threadId);
    assert.deepEqual(await first, []);
    await lensesAbove(document, gross, (titles) => titles.some((title) => title.endsWith("→ 96")));
    const session = vscode.debug.activeDebugSession?.id;

    await replace(document, "vatRate = 0.2", "vatRate = 0.5");
    const messages = await messagesDuring(async () => {
      await vscode.commands.executeCommand("faasify.hotDeployCurrentFile");
    });
    assert.deepEqual(messages, []);
    assert.equal(document.isDirty, false);

    const second = messagesDuring(() => click(lenses, "Invoke", "[100, 20]"));
    const again = await stopped(2);
    assert.equal(again.line, line);
    assert.equal(vscode.debug.activeDebugSession?.id, session);
    await request("continue", again.threadId);
    assert.deepEqual(await second, []);
    await lensesAbove(document, gross, (titles) => titles.some((title) => title.endsWith("→ 120")));
  }).timeout(3 * waitMs);

  test("a configuration that names no function of the file does not start, with one message", async () => {
    const messages = await messagesDuring(async () => {
      const started = await vscode.debug.startDebugging(vscode.workspace.workspaceFolders?.[0], {
        type: "faasify",
        request: "launch",
        name: "nowhere",
        function: "${workspaceFolder}/src/prices.ts#nowhere",
      });
      assert.equal(started, false);
    });

    assert.equal(messages.length, 1);
    assert.match(messages[0] ?? "", /has no function called nowhere/);
  });
});

/** Where the extension host is remote, as in a browser, the editor has made a URI of the adapter's path. */
function pathOf(source: string): string {
  return source.startsWith("vscode-remote:") ? vscode.Uri.parse(source).fsPath : source;
}

/** @returns the line, from 1 */
function setBreakpoint(document: vscode.TextDocument, text: string): number {
  const line = lineOf(document, text);
  const position = new vscode.Position(line - 1, 0);
  vscode.debug.addBreakpoints([new vscode.SourceBreakpoint(new vscode.Location(document.uri, position))]);
  return line;
}
