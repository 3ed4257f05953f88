import assert from "node:assert/strict";
import * as vscode from "vscode";
import { click, lensesAbove, messagesDuring, open } from "./support.ts";

const gross = "export function gross";
const ready = (titles: readonly string[]): boolean => titles.includes("Deploy");

suite("deploy and invoke", () => {
  test("Deploy brings the function to the local platform", async () => {
    const document = await open("src/prices.ts");
    const lenses = await lensesAbove(document, gross, ready);

    const messages = await messagesDuring(() => click(lenses, "Deploy"));

    assert.deepEqual(messages, []);
    await lensesAbove(document, gross, (titles) => titles.includes("deployed to local"));
  });

  test("Invoke calls it with the given arguments and shows the result above it", async () => {
    const document = await open("src/prices.ts");
    const lenses = await lensesAbove(document, gross, ready);

    const messages = await messagesDuring(() => click(lenses, "Invoke", "[100, 20]"));

    assert.deepEqual(messages, []);
    await lensesAbove(document, gross, (titles) => titles.some((title) => title.endsWith("s → 96")));
  });

  test("a function that throws shows its own error", async () => {
    const document = await open("src/prices.ts");
    const lenses = await lensesAbove(document, "export function failing", ready);

    const messages = await messagesDuring(() => click(lenses, "Invoke", '["sold out"]'));

    assert.equal(messages.length, 1);
    assert.match(messages[0] ?? "", /RangeError: refused: sold out/);
    await lensesAbove(document, "export function failing", (titles) =>
      titles.some((title) => title.includes("RangeError: refused: sold out")),
    );
  });

  test("arguments that are not JSON are refused with what is expected", async () => {
    const document = await open("src/prices.ts");
    const lenses = await lensesAbove(document, gross, ready);

    const messages = await messagesDuring(() => click(lenses, "Invoke", "[100, 20"));

    assert.equal(messages.length, 1);
    assert.match(messages[0] ?? "", /not JSON.*net: number, discount: number/s);
  });

  test("a function that stays local is not deployed, and the message says why", async () => {
    const document = await open("src/prices.ts");
    const target = { file: document.uri.fsPath, name: "forEachPrice" };

    const messages = await messagesDuring(() => run("faasify.deployFunction", target));

    assert.equal(messages.length, 1);
    assert.match(messages[0] ?? "", /forEachPrice cannot move: .*callback/);
  });

  test("a function of a file that does not parse is not deployed, and the message names the file", async () => {
    const document = await open("src/broken.ts");
    const target = { file: document.uri.fsPath, name: "fine" };

    const messages = await messagesDuring(() => run("faasify.deployFunction", target));

    assert.equal(messages.length, 1);
    assert.match(messages[0] ?? "", /broken\.ts/);
  });

  test("a function that does not exist gives one clear message", async () => {
    const document = await open("src/prices.ts");
    const target = { file: document.uri.fsPath, name: "nowhere" };

    const messages = await messagesDuring(() => run("faasify.invokeFunction", target));

    assert.equal(messages.length, 1);
    assert.match(messages[0] ?? "", /has no function called nowhere/);
  });

  test("the view shows the deployed function", async () => {
    const document = await open("src/prices.ts");
    const lenses = await lensesAbove(document, gross, (titles) => titles.includes("deployed to local"));

    const messages = await messagesDuring(() => click(lenses, "deployed to local"));

    assert.deepEqual(messages, []);
  });

  test("Remove takes it away again", async () => {
    const document = await open("src/prices.ts");
    const target = { file: document.uri.fsPath, name: "gross" };

    const messages = await messagesDuring(() => run("faasify.removeFunction", target));

    assert.deepEqual(messages, []);
    await lensesAbove(document, gross, (titles) => ready(titles) && !titles.includes("deployed to local"));
  });
});

async function run(command: string, ...args: readonly unknown[]): Promise<void> {
  await vscode.commands.executeCommand(command, ...args);
}
