/** What the built language server says of open files without being asked, and what it offers inside directives. */
import { describe, expect, it } from "vitest";
import { analyzeFileRequest } from "../../src/protocol/lsp-requests.ts";
import { startServer, type ServerClient } from "./server-client.ts";

const wait = { timeout: 120_000 };
const each = "export function each(act: () => void): void {\n  act();\n}\n";
const fine = "export const twice = (a: number): number => 2 * a;\n";
const files = { "package.json": '{"type":"module"}', "each.ts": each, "fine.ts": fine };

describe("diagnostics", () => {
  it("say at its line why a function stays, as information and in the words of the command line", async () => {
    await using server = await startServer(files);

    await server.open("each.ts", each);

    await expect.poll(() => server.diagnosticsOf("each.ts"), wait).toHaveLength(1);
    expect(server.diagnosticsOf("each.ts")).toMatchObject([
      {
        severity: 3,
        source: "FaaSify",
        code: "stays-local",
        range: { start: { line: 0, character: 16 }, end: { line: 0, character: 20 } },
        message: expect.stringMatching(/^each stays here: .*callback/),
      },
    ]);
  });

  it("say that a function would be slower remotely, before anybody deploys it", async () => {
    const square =
      "const square = (x: number): number => x * x;\nexport function sum(list: number[]): number {\n  return list.reduce((all, x) => all + square(x), 0);\n}\n";
    await using server = await startServer({ ...files, "square.ts": square });

    await server.open("square.ts", square);

    await expect
      .poll(() => server.diagnosticsOf("square.ts"), wait)
      .toMatchObject([
        {
          severity: 3,
          code: "slower-remotely",
          range: { start: { line: 0, character: 6 }, end: { line: 0, character: 12 } },
          message: expect.stringMatching(/^square can move, but is called in a loop \(line 3\)/),
        },
      ]);
  });

  it("follow an edit, and go when the reason goes", async () => {
    await using server = await startServer(files);
    await server.open("each.ts", each);
    await expect.poll(() => server.diagnosticsOf("each.ts"), wait).toHaveLength(1);

    await server.edit("each.ts", { line: 0, from: 21, to: 36, text: "text: string" });
    await server.edit("each.ts", { line: 1, from: 2, to: 7, text: "void text" });

    await expect.poll(() => server.diagnosticsOf("each.ts"), wait).toEqual([]);
  });

  it("follow an edit of another file on which the reason depends", async () => {
    const user = 'import { run } from "./runs.ts";\nexport function use(a: number): number {\n  return run(a);\n}\n';
    const runs = "export function run(a: number): number {\n  return a;\n}\n";
    await using server = await startServer({ ...files, "use.ts": user, "runs.ts": runs });
    await server.open("use.ts", user);
    await server.open("runs.ts", runs);
    await server.connection.sendRequest(analyzeFileRequest, { file: server.path("use.ts") });

    await server.edit("runs.ts", { line: 1, from: 2, to: 2, text: "process.stdin.read(); " });

    await expect.poll(() => server.diagnosticsOf("use.ts"), wait).toMatchObject([{ range: { start: { line: 2 } } }]);
  });

  it("are none for functions that can move, and nothing is sent for them", async () => {
    await using server = await startServer(files);
    await server.open("fine.ts", fine);
    await server.open("each.ts", each);

    await expect.poll(() => server.diagnosticsOf("each.ts"), wait).toHaveLength(1);

    expect(server.publications("fine.ts")).toBe(0);
  });

  it("are cleared when the file is closed", async () => {
    await using server = await startServer(files);
    await server.open("each.ts", each);
    await expect.poll(() => server.diagnosticsOf("each.ts"), wait).toHaveLength(1);

    await server.close("each.ts");

    await expect.poll(() => server.diagnosticsOf("each.ts"), wait).toEqual([]);
  });

  it("come from the analysis that the editor asks for anyway, once", async () => {
    await using server = await startServer(files);
    await server.open("each.ts", each);

    await server.connection.sendRequest(analyzeFileRequest, { file: server.path("each.ts") });
    await server.connection.sendRequest(analyzeFileRequest, { file: server.path("each.ts") });

    await expect.poll(() => server.publications("each.ts"), wait).toBe(1);
  });

  it("are switched off and on by a setting, without an edit", async () => {
    const settings = new Map<string, unknown>([["faasify.diagnostics.enabled", false]]);
    await using server = await startServer(files, { settings });
    await server.open("each.ts", each);
    await server.connection.sendRequest(analyzeFileRequest, { file: server.path("each.ts") });

    await change(server, settings, true);
    await expect.poll(() => server.diagnosticsOf("each.ts"), wait).toHaveLength(1);
    expect(server.publications("each.ts")).toBe(1);

    await change(server, settings, false);
    await expect.poll(() => server.diagnosticsOf("each.ts"), wait).toEqual([]);
  });

  it("leave syntax errors to the editor's own TypeScript", async () => {
    await using server = await startServer(files);
    const broken = `${each}export function f( {`;
    await server.open("broken.ts", broken);
    server.write("broken.ts", broken);

    await expect.poll(() => server.diagnosticsOf("broken.ts"), wait).toMatchObject([{ code: "stays-local" }]);
  });
});

async function change(server: ServerClient, settings: Map<string, unknown>, enabled: boolean): Promise<void> {
  settings.set("faasify.diagnostics.enabled", enabled);
  await server.connection.sendNotification("workspace/didChangeConfiguration", { settings: null });
}

describe("directives", () => {
  const misspelt = "// @faasify memmory=1024\nexport const twice = (a: number): number => 2 * a;\n";

  it("that are misspelt are warnings with a quick fix", async () => {
    await using server = await startServer(files);
    await server.open("fine.ts", misspelt);
    await expect.poll(() => server.diagnosticsOf("fine.ts"), wait).toHaveLength(1);
    const diagnostics = server.diagnosticsOf("fine.ts") ?? [];
    expect(diagnostics).toMatchObject([
      { severity: 2, source: "FaaSify", code: "directive", range: { start: { line: 0, character: 12 } } },
    ]);

    const actions = await server.connection.sendRequest("textDocument/codeAction", {
      textDocument: { uri: server.uri("fine.ts") },
      range: diagnostics[0]?.range,
      context: { diagnostics },
    });

    expect(actions).toMatchObject([
      {
        title: "Change to `memory`",
        edit: { changes: { [server.uri("fine.ts")]: [{ newText: "memory", range: { end: { character: 19 } } }] } },
      },
    ]);
  });

  it("are completed and explained", async () => {
    await using server = await startServer(files);
    await server.open("fine.ts", misspelt.replace("memmory=1024", "memory=1024 t"));
    const textDocument = { uri: server.uri("fine.ts") };

    const completions = await server.connection.sendRequest("textDocument/completion", {
      textDocument,
      position: { line: 0, character: 25 },
    });
    const hover = await server.connection.sendRequest("textDocument/hover", {
      textDocument,
      position: { line: 0, character: 14 },
    });

    expect(completions).toEqual(expect.arrayContaining([expect.objectContaining({ label: "timeout=30" })]));
    expect(hover).toMatchObject({ contents: { value: expect.stringContaining("MB") } });
  });
});
