import assert from "node:assert/strict";
import * as vscode from "vscode";
import { messagesDuring, open, replace } from "./support.ts";

/** The smoke test looks at what the view shows of it. */
suite("canaries", () => {
  let document: vscode.TextDocument;
  let before = "";
  const run =
    (command: string, ...more: readonly unknown[]) =>
    async (): Promise<void> =>
      vscode.commands.executeCommand(command, { file: document.uri.fsPath, name: "gross" }, ...more);

  suiteSetup(async () => {
    document = await open("src/prices.ts");
    before = document.getText();
    await run("faasify.deployFunction")();
  });
  suiteTeardown(async () => {
    await replace(document, document.getText(), before);
    await document.save();
  });

  test("without a change there is nothing to try, and the message says so", async () => {
    const messages = await messagesDuring(run("faasify.startCanary", "Canary10Percent5Minutes"));

    assert.equal(messages.length, 1);
    assert.match(messages[0] ?? "", /Nothing of .* has changed since version 1, which live is at/);
  });

  test("starts with the text of now, is promoted, and is rolled back to the version before", async () => {
    await replace(document, "reduced + vat", "vat + reduced");
    await document.save();

    const messages = await messagesDuring(async () => {
      await run("faasify.startCanary", "Linear10PercentEvery10Minutes")();
      await run("faasify.promoteCanary")();
      await run("faasify.rollbackFunction")();
    });
    assert.deepEqual(messages, []);

    const again = await messagesDuring(run("faasify.promoteCanary"));
    assert.equal(again.length, 1);
    assert.match(again[0] ?? "", /No canary of .* runs/);
  });
});
