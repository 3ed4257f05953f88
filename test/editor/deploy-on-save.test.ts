import assert from "node:assert/strict";
import * as vscode from "vscode";
import { deploymentOf, eventually, lensesAbove, messagesDuring, open, replace } from "./support.ts";

const file = "src/saved.ts";

suite("deploy on save", () => {
  let document: vscode.TextDocument;
  let before = "";
  let failed: string | undefined;
  const target = (name: string) => ({ file: document.uri.fsPath, name });

  suiteSetup(async () => {
    document = await open(file);
    before = document.getText();
    await deploysOnSave("local");
    await vscode.commands.executeCommand("faasify.deployFunction", target("doubled"));
  });
  suiteTeardown(async () => {
    await deploysOnSave(undefined);
    await replace(document, document.getText(), before);
    await document.save();
  });

  test("brings the new text to a deployed function, and to one whose directive names its target", async () => {
    const earlier = await sha256Of("doubled");
    await replace(document, "2 * value", "20 * value");

    const messages = await messagesDuring(async () => {
      await document.save();
      await eventually(
        "both",
        async () => [await sha256Of("doubled"), await sha256Of("named")],
        ([doubled, named]) => doubled !== earlier && named !== undefined,
      );
    });

    assert.deepEqual(messages, []);
    assert.equal(await sha256Of("untouched"), undefined);
    assert.deepEqual(await problems(), []);
  });

  test("says what fails as a problem at the function, and nothing pops up", async () => {
    await replace(document, "20 * value", "missing.value");
    await replace(document, "// imports", 'import { missing } from "./not-there.ts";');

    const messages = await messagesDuring(async () => {
      await document.save();
      await eventually("problem", problems, (seen) => seen.length === 1);
    });

    assert.deepEqual(messages, []);
    const [problem] = await problems();
    failed = await sha256Of("doubled");
    assert.match(problem?.message ?? "", /^doubled was not deployed: /);
    assert.equal(document.getText(problem?.range), "doubled");
    assert.equal(problem?.severity, vscode.DiagnosticSeverity.Error);
  });

  test("takes the problem back when it deploys again", async () => {
    await replace(document, "missing.value", "30 * value");
    await replace(document, 'import { missing } from "./not-there.ts";', "// imports");
    await document.save();

    await eventually("problem", problems, (seen) => seen.length === 0);
    assert.notEqual(await sha256Of("doubled"), failed);
  });

  test("does nothing while the setting is off", async () => {
    await deploysOnSave("off");
    await replace(document, "30 * value", "40 * value");
    await document.save();

    const deployed = await sha256Of("doubled");
    await lensesAbove(document, "export function doubled", (titles) => titles.some((title) => title.includes("stale")));
    assert.equal(await sha256Of("doubled"), deployed);
  });

  async function problems(): Promise<readonly vscode.Diagnostic[]> {
    return vscode.languages.getDiagnostics(document.uri).filter(({ message }) => message.includes("was not deployed"));
  }

  const sha256Of = async (name: string): Promise<string | undefined> => (await deploymentOf(target(name)))?.sha256;

  async function deploysOnSave(value: string | undefined): Promise<void> {
    const settings = vscode.workspace.getConfiguration("faasify", document.uri);
    await settings.update("deployOnSave", value, vscode.ConfigurationTarget.Workspace);
  }
});
