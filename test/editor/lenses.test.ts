import assert from "node:assert/strict";
import { lensesAbove, lensesOf, lineOf, open, replace } from "./support.ts";

const offers = ["FaaSify", "Deploy", "Invoke"];

suite("lenses", () => {
  test("offer FaaSify, Deploy and Invoke above a function that can move", async () => {
    const document = await open("src/prices.ts");

    const lenses = await lensesAbove(document, "export function gross", (titles) => titles.length >= 3);

    assert.deepEqual(
      lenses.map(({ title }) => title),
      offers,
    );
  });

  test("say why a function stays local, and offer nothing else there", async () => {
    const document = await open("src/prices.ts");

    const lenses = await lensesAbove(document, "export function forEachPrice", (titles) => titles.length > 0);

    assert.equal(lenses.length, 1);
    assert.match(lenses[0]?.title ?? "", /^stays local: .*callback/);
  });

  test("follow an edit that is not saved yet", async () => {
    const document = await open("src/edited.ts");
    await lensesAbove(document, "export function first", (titles) => titles.length >= 3);

    await replace(document, "// more", "export const second = (a: number): number => a;");

    const lenses = await lensesAbove(document, "export const second", (titles) => titles.length >= 3);
    assert.deepEqual(
      lenses.map(({ title }) => title),
      offers,
    );
    await replace(document, "export const second = (a: number): number => a;", "// more");
    await document.save();
  });

  test("stand above what can be read of a file that does not parse", async () => {
    const document = await open("src/broken.ts");

    await lensesAbove(document, "export function fine", (titles) => titles.length > 0);

    const lines = new Set((await lensesOf(document)).map(({ line }) => line));
    assert.ok(lines.has(lineOf(document, "export function fine")));
  });
});
