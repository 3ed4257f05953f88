import path from "node:path";
import { expect, it } from "vitest";
import { firstUserFrame } from "../../../src/ui/stack-frames.ts";

const here = import.meta.filename;
const packaged = path.resolve("node_modules/valibot/package.json");

it("finds the innermost frame in a file of the user", () => {
  const stack = [
    "TypeError: boom (at 3:4)",
    "    at node:internal/timers:574:21",
    "    at gone (/no/such/file.ts:1:1)",
    `    at parse (${packaged}:1:1)`,
    `    at async Cart.checkout (${here}:6:9)`,
    `    at ${here}:99:1`,
  ];

  expect(firstUserFrame(stack)).toEqual({ file: here, line1: 6, column1: 9 });
  expect(firstUserFrame(stack.slice(5))).toEqual({ file: here, line1: 99, column1: 1 });
});

it("finds none where there is none", () => {
  expect(firstUserFrame(["Error: x", "    at index.mjs:1:2", "    at <anonymous>"])).toBeUndefined();
  expect(firstUserFrame([])).toBeUndefined();
});
