import assert from "node:assert/strict";
import * as vscode from "vscode";
import { eventually, open, replace } from "./support.ts";

suite("diagnostics", () => {
  test("say at its line why a function stays, and go when the setting is off", async () => {
    const document = await open("src/prices.ts");

    const [found] = await diagnosticsOf(document, (seen) => seen.length === 1);

    assert.equal(found?.severity, vscode.DiagnosticSeverity.Information);
    assert.match(found?.message ?? "", /^forEachPrice stays here: .*callback/);
    assert.equal(document.getText(found?.range), "forEachPrice");
    const settings = vscode.workspace.getConfiguration("faasify", document.uri);
    await settings.update("diagnostics.enabled", false, vscode.ConfigurationTarget.Workspace);
    await diagnosticsOf(document, (seen) => seen.length === 0);
    await settings.update("diagnostics.enabled", undefined, vscode.ConfigurationTarget.Workspace);
    await diagnosticsOf(document, (seen) => seen.length === 1);
  });

  test("warn of a misspelt directive, offer what was meant, and complete its words", async () => {
    const document = await open("src/edited.ts");
    const before = document.getText();
    await replace(document, "// more", "// @faasify memmory=1024 \nexport const third = (a: number): number => a;");

    const [found] = await diagnosticsOf(document, (seen) => seen.length === 1);

    assert.equal(document.getText(found?.range).startsWith("memmory"), true);
    const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
      "vscode.executeCodeActionProvider",
      document.uri,
      found?.range,
      vscode.CodeActionKind.QuickFix.value,
    );
    const fix = actions.find(({ title }) => title === "Change to `memory`");
    assert.ok(fix?.edit);
    await vscode.workspace.applyEdit(fix.edit);
    await diagnosticsOf(document, (seen) => seen.length === 0);
    const line = document.positionAt(document.getText().indexOf("@faasify")).line;
    const end = document.lineAt(line).range.end;
    const { items } = await vscode.commands.executeCommand<vscode.CompletionList>(
      "vscode.executeCompletionItemProvider",
      document.uri,
      end,
    );
    assert.ok(items.some(({ label }) => (typeof label === "string" ? label : label.label) === "timeout=30"));
    await replace(document, document.getText(), before);
  });
});

async function diagnosticsOf(
  document: vscode.TextDocument,
  accept: (seen: readonly vscode.Diagnostic[]) => boolean,
): Promise<readonly vscode.Diagnostic[]> {
  const read = async () => vscode.languages.getDiagnostics(document.uri).filter(({ source }) => source === "FaaSify");
  return eventually("diagnostics", read, accept);
}
