import assert from "node:assert/strict";
import * as vscode from "vscode";
import manifest from "../../package.json" with { type: "json" };
import { eventually, open } from "./support.ts";

suite("activation", () => {
  test("starts when a TypeScript file is opened", async () => {
    const extension = vscode.extensions.getExtension(`${manifest.publisher}.${manifest.name}`);
    assert.ok(extension);

    await open("src/prices.ts");

    await eventually("active", async () => extension.isActive, Boolean);
  });

  test("registers exactly the commands of the manifest", async () => {
    const registered = (await vscode.commands.getCommands(true)).filter((id) => id.startsWith("faasify."));

    // The editor makes some of its own for each view: faasify.functions.focus and the like.
    const own = registered.filter((id) => !/^faasify\.(?:functions|preview)\./.test(id));
    assert.deepEqual(own.toSorted(), manifest.contributes.commands.map(({ command }) => command).toSorted());
  });

  test("knows the settings of the manifest, with their defaults", () => {
    const settings = vscode.workspace.getConfiguration();

    for (const [key, { default: value }] of Object.entries(manifest.contributes.configuration.properties)) {
      assert.deepEqual(settings.inspect(key)?.defaultValue, value, key);
    }
  });
});
