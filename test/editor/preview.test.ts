import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as vscode from "vscode";
import { click, eventually, lensesAbove, messagesDuring, open } from "./support.ts";

const gross = "export function gross";
const ready = (titles: readonly string[]): boolean => titles.includes("FaaSify");
const units = (): readonly vscode.TextEditor[] =>
  vscode.window.visibleTextEditors.filter(({ document }) => document.uri.scheme === "faasify-unit");

suite("preview", () => {
  test("shows beside the original what moves, with what stays folded, and changes nothing", async () => {
    const document = await open("src/prices.ts");
    const lenses = await lensesAbove(document, gross, ready);

    const messages = await messagesDuring(() => click(lenses, "FaaSify"));

    assert.deepEqual(messages, []);
    const [unit] = units();
    const text = unit?.document.getText() ?? "";
    assert.match(text, /const vatRate = 0\.2;/);
    assert.match(text, /\/\/ ⋯ \d+ lines stay here: failing, forEachPrice/);
    assert.equal(unit?.document.languageId, "typescript");
    const folds = await vscode.commands.executeCommand<vscode.FoldingRange[]>(
      "vscode.executeFoldingRangeProvider",
      unit?.document.uri,
    );
    const marker = text.split("\n").findIndex((line) => line.startsWith("// ⋯"));
    assert.ok(folds.some(({ start }) => start === marker));
    assert.equal(document.isDirty, false);
    assert.equal(readFileSync(document.uri.fsPath, "utf8"), document.getText());
  });

  test("goes when it is discarded", async () => {
    assert.equal(units().length, 1);

    await vscode.commands.executeCommand("faasify.discardPreview");

    await eventually(
      "units",
      async () => units().length,
      (count) => count === 0,
    );
  });

  test("of selected statements makes a function of them first, and one undo takes that back", async () => {
    const document = await open("src/prices.ts");
    const before = document.getText();
    const from = before.indexOf("const reduced = net - discount;");
    const to = before.indexOf("return reduced + vat;");
    const editor = await vscode.window.showTextDocument(document);
    editor.selection = new vscode.Selection(document.positionAt(from), document.positionAt(to));

    const messages = await messagesDuring(() => run("faasify.faasifySelection", "priceParts"));

    assert.deepEqual(messages, []);
    assert.match(document.getText(), /function priceParts\(/);
    assert.match(units()[0]?.document.getText() ?? "", /function priceParts\(/);
    await vscode.commands.executeCommand("faasify.discardPreview");
    await vscode.window.showTextDocument(document);
    await vscode.commands.executeCommand("undo");
    await eventually(
      "text",
      async () => document.getText(),
      (text) => text === before,
    );
    await vscode.commands.executeCommand("workbench.action.files.revert");
  });

  test("of half a statement says why TypeScript makes no function of it", async () => {
    const document = await open("src/prices.ts");
    const from = document.getText().indexOf("net - discount;\n  const");
    const editor = await vscode.window.showTextDocument(document);
    editor.selection = new vscode.Selection(document.positionAt(from), document.positionAt(from + 22));

    const messages = await messagesDuring(() => run("faasify.faasifySelection", "half"));

    assert.equal(messages.length, 1);
    assert.match(messages[0] ?? "", /^The selection becomes no function: /);
  });
});

async function run(command: string, ...args: readonly unknown[]): Promise<void> {
  await vscode.commands.executeCommand(command, ...args);
}
