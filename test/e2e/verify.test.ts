/** `faasify verify`: the same inputs here and deployed, on a platform of its own. */
import { readdirSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openCliPlace, type CliPlace } from "./cli-harness.ts";

const shop = `import { roundToCents } from "./money.ts";
export interface Item { name: string; price: number; when?: Date }
let sold = 0;
/** Prints, sorts its argument, counts what it sold, and now and then throws. */
export function total(items: Item[], coupon = ""): { sum: number; names: string[] } {
  console.log(\`\${items.length} items \${coupon}\`);
  sold += items.length;
  items.sort((a, b) => a.price - b.price);
  if (items.length > 4) throw Object.assign(new RangeError("too many"), { sold });
  return { sum: roundToCents(items.reduce((sum, item) => sum + item.price, 0)), names: items.map((item) => item.name) };
}
const hidden = (when: Date, sizes: Map<string, bigint>) => ({ when, sizes, again: when, nothing: undefined });
export const now = (): number => Date.now() + Math.random();
export function each(items: string[], act: (item: string) => void): void { items.forEach(act); }
hidden(new Date(0), new Map());
`;
const files = {
  "package.json": '{ "type": "module" }',
  "src/shop.ts": shop,
  "src/money.ts": "export const roundToCents = (amount: number): number => Math.round(amount * 100) / 100;\n",
  "src/half.cjs": "exports.half = function half(a) { return a / 2; };\n",
  "src/third.cjs": "module.exports = function (a) { return a / 3; };\n",
};

let place: CliPlace;
beforeAll(() => {
  place = openCliPlace(files);
});
afterAll(() => place[Symbol.asyncDispose]());

const patience = 240_000;

describe("verify", () => {
  it(
    "finds a function with output, changed arguments, state and errors equal, and leaves nothing behind",
    async () => {
      const before = temporaryCopies();

      expect(await place.json("verify", "src/shop.ts#total", "--cases", "20")).toMatchObject({
        function: "src/shop.ts#total",
        seed: 1,
        cases: 20,
        equal: 20,
        different: 0,
        nondeterministic: 0,
        differences: [],
      });
      expect(await place.json("list")).toEqual({ functions: [] });
      expect(temporaryCopies()).toEqual(before);
    },
    patience,
  );

  it(
    "reaches a function that is not exported, with instances of the language's classes",
    async () => {
      expect(await place.json("verify", "src/shop.ts#hidden", "--cases", "5")).toMatchObject({
        equal: 5,
        different: 0,
      });
    },
    patience,
  );

  it(
    "takes given arguments, also for CommonJS, and says the same to people",
    async () => {
      const { status, stdout } = await place.run("verify", "src/half.cjs#half", "--args", "[3]", "--args", '["x"]');

      expect({ status, stdout }).toEqual({ status: 0, stdout: "src/half.cjs#half: 2 of 2 cases equal, seed 1\n" });
      expect(await place.json("verify", "src/third.cjs#default", "--args", "[3]")).toMatchObject({
        cases: 1,
        equal: 1,
      });
    },
    patience,
  );

  it(
    "says that a function is nondeterministic rather than different",
    async () => {
      const { status, stdout } = await place.run("verify", "src/shop.ts#now", "--cases", "2");

      expect(status).toBe(0);
      expect(stdout).toContain("nondeterministic: two runs of the original differ too (result:");
    },
    patience,
  );
});

describe("verify refuses", () => {
  it.each([
    ["a function that stays local", ["src/shop.ts#each"], 3, "error function-stays-local"],
    ["a function that is not there", ["src/shop.ts#nothing"], 3, "error function-not-found"],
    ["arguments that are no array", ["src/shop.ts#total", "--args", "{}"], 3, "error bad-arguments"],
    ["no function", [], 2, "error wrong-usage"],
    ["a number of cases that is none", ["src/shop.ts#total", "--cases", "many"], 2, "error wrong-usage"],
  ])(
    "%s",
    async (_what, args, status, text) => {
      const outcome = await place.run("verify", ...args);

      expect(outcome).toMatchObject({ status, stdout: "" });
      expect(outcome.stderr).toContain(text);
    },
    patience,
  );
});

function temporaryCopies(): readonly string[] {
  return readdirSync(os.tmpdir())
    .filter((name) => name.startsWith("faasify-verify-"))
    .map((name) => path.join(os.tmpdir(), name));
}
