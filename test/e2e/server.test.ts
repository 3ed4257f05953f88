import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { CancellationTokenSource, type CancellationToken, type Hover } from "vscode-languageserver-protocol/node";
import { analyzeFileRequest, extractRequest, packageRequest } from "../../src/protocol/lsp-requests.ts";
import { startServer } from "./server-client.ts";

const shop = {
  "package.json": '{"type":"module"}',
  "price.ts":
    'import { vat } from "./vat.ts";\nexport function price(net: number): number {\n  return net + vat(net);\n}\nprice(1);\n',
  "vat.ts": "export const vat = (net: number): number => net * 0.2;\n",
  "bad.ts": "export function f( {",
  "stays.ts": "export function each(act: () => void) {\n  act();\n}\n",
  "lost.ts": 'import { x } from "no-such-package-anywhere";\nexport const f = () => x;\n',
};

describe("the built language server", () => {
  it("analyses a file, and its unsaved text once the editor has it open", async () => {
    await using server = await startServer(shop);
    const file = server.path("price.ts");
    expect(await server.connection.sendRequest(analyzeFileRequest, { file })).toMatchObject({
      functions: [{ name: "price", verdict: "pure", nameRange: { start: { line0: 1, column0: 16 } } }],
      problems: [],
    });

    await server.open("price.ts", shop["price.ts"]);
    await server.edit("price.ts", { line: 2, from: 2, to: 2, text: "console.log(net); " });

    expect(await server.connection.sendRequest(analyzeFileRequest, { file })).toMatchObject({
      functions: [{ name: "price", verdict: "effects", effects: ["console"] }],
    });
  });

  it("says that files which import an edited or a deleted one may have changed", async () => {
    await using server = await startServer(shop);
    await server.connection.sendRequest(analyzeFileRequest, { file: server.path("price.ts") });
    await server.open("vat.ts", shop["vat.ts"]);
    await server.edit("vat.ts", { line: 0, from: 0, to: 0, text: "// new\n" });
    await expect.poll(() => server.changed, { timeout: 120_000 }).toContain(server.path("price.ts"));
    server.changed.clear();

    await server.connection.sendNotification("workspace/didChangeWatchedFiles", {
      changes: [{ uri: pathToFileURL(server.path("vat.ts")).href, type: 3 }],
    });

    await expect
      .poll(() => Array.from(server.changed).toSorted(), { timeout: 120_000 })
      .toEqual([server.path("price.ts"), server.path("vat.ts")]);
  });

  it("extracts the unit of the unsaved text", async () => {
    await using server = await startServer(shop);
    await server.open("price.ts", shop["price.ts"].replace("+ vat", "- vat"));

    const unit = await server.connection.sendRequest(extractRequest, { file: server.path("price.ts"), name: "price" });

    expect(unit).toMatchObject({ exportName: "price", format: "esm" });
    expect(unit.files.map(({ path }) => path)).toEqual([server.path("price.ts"), server.path("vat.ts")]);
    expect(unit.files[0]?.text).toContain("net - vat(net)");
    expect(unit.files[0]?.text).not.toContain("price(1)");
  });

  it("packages what is on disk into a zip with a source map", async () => {
    await using server = await startServer(shop);
    await server.open("price.ts", "export const nothing = 1;");

    const artifact = await server.connection.sendRequest(packageRequest, {
      function: { file: server.path("price.ts"), name: "price" },
      debug: true,
    });

    expect(artifact).toMatchObject({ handler: "faasify-shim.handler", debug: true });
    expect(existsSync(artifact.zipPath)).toBe(true);
    expect(readFileSync(artifact.sourceMapPath, "utf8")).toContain("vat.ts");
    expect(artifact.inputs.toSorted()).toEqual([server.path("price.ts"), server.path("vat.ts")]);
  });

  it("shows verdict, reasons and captures when the mouse is over a function's name", async () => {
    await using server = await startServer(shop);
    const hover = (name: string, line: number, character: number): Promise<Hover | null> =>
      server.connection.sendRequest("textDocument/hover", {
        textDocument: { uri: pathToFileURL(server.path(name)).href },
        position: { line, character },
      });

    expect(await hover("price.ts", 1, 18)).toMatchObject({
      contents: {
        kind: "markdown",
        value: expect.stringMatching(/can move[\s\S]*Captures: `vat` \(import, vat\.ts:1\)/),
      },
    });
    expect(await hover("stays.ts", 0, 16)).toMatchObject({
      contents: {
        value: expect.stringContaining(
          "- takes the callback `act`, which its caller has; it moves with a decomposed program",
        ),
      },
    });
    expect(await hover("price.ts", 2, 3)).toBeNull();
  });
});

describe("failures", () => {
  it.each([
    ["stays.ts", "each", "function-stays-local"],
    ["price.ts", "nothing", "function-not-found"],
    ["none.ts", "f", "file-not-found"],
    ["bad.ts", "f", "file-not-parsed"],
    ["lost.ts", "f", "dependency-missing"],
  ])("of %s#%s travel with code and remedy: %s", async (file, name, code) => {
    await using server = await startServer(shop);
    const ref = { file: server.path(file), name };

    for (const request of [
      server.connection.sendRequest(extractRequest, ref),
      server.connection.sendRequest(packageRequest, { function: ref, debug: false }),
    ]) {
      await expect(request).rejects.toMatchObject({ data: { code, remedy: expect.any(String) } });
    }
  });

  it("needs a folder for artifacts", async () => {
    await using server = await startServer(shop, { initializationOptions: {} });
    const ref = { file: server.path("price.ts"), name: "price" };

    await expect(server.connection.sendRequest(packageRequest, { function: ref, debug: false })).rejects.toMatchObject({
      data: { code: "wrong-usage" },
    });
  });

  it("leaves a cancelled request unanswered but for the cancellation", async () => {
    await using server = await startServer(shop);
    const source = new CancellationTokenSource();
    const analyze = (token?: CancellationToken): Promise<unknown> =>
      server.connection.sendRequest(analyzeFileRequest, { file: server.path("price.ts") }, token);
    // The server is still busy with these when the cancellation arrives.
    const before = Array.from({ length: 30 }, () => analyze());
    const request = analyze(source.token);
    source.cancel();

    await expect(request).rejects.toMatchObject({ code: -32_800 });
    await Promise.all(before);
  });

  it("survives whatever is sent", async () => {
    await using server = await startServer(shop);
    const { connection } = server;
    const nonsense: unknown[] = [
      null,
      1,
      [],
      {},
      { file: 5 },
      { file: "relative.ts", name: "" },
      { function: { file: "/x" } },
    ];

    for (const params of nonsense) {
      for (const method of [
        "faasify/analyzeFile",
        "faasify/extract",
        "faasify/package",
        "textDocument/hover",
        "no/such",
      ]) {
        await connection.sendRequest(method, params).catch((error: unknown) => error);
      }
      await connection.sendNotification("textDocument/didChange", params as object);
      await connection.sendNotification("workspace/didChangeWatchedFiles", params as object);
    }
    await server.open("untitled:1", "\u0000");
    await connection.sendNotification("textDocument/didOpen", {
      textDocument: { uri: "file://%zz", languageId: "typescript", version: 1, text: "export function f(" },
    });

    expect(await connection.sendRequest(analyzeFileRequest, { file: server.path("vat.ts") })).toMatchObject({
      functions: [{ name: "vat" }],
    });
  });

  it("ends with its editor", async () => {
    await using server = await startServer(shop);
    const exited = once(server.process, "exit");

    server.process.disconnect();

    expect((await exited)[0]).toBe(0);
  });
});
