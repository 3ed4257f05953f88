import { expect, it } from "vitest";
import { formatMs, lensesFor, type FunctionState, type Localizer } from "../../../src/codelens/lenses.ts";
import { shorten } from "../../../src/codelens/shorten.ts";
import type { FunctionModel, Verdict } from "../../../src/core/function-model.ts";

const untouched: FunctionState = { deployments: [] };

it("offers FaaSify, Deploy and Invoke above a function that can move, on the function's line", () => {
  const lenses = lensesOf([model("checkout", "effects", 12)]);

  expect(lenses.map(({ title, action }) => [title, action])).toEqual([
    ["FaaSify", "faasify"],
    ["Deploy", "deploy"],
    ["Invoke", "invoke"],
  ]);
  expect(lenses.map(({ range }) => range.start.line0)).toEqual([12, 12, 12]);
});

it("offers the same for every verdict that can move, and nothing for entry points", () => {
  for (const verdict of ["pure", "effects", "stateful"] as const) {
    expect(lensesOf([model("f", verdict)])).toHaveLength(3);
  }

  expect(lensesOf([model("main", "entry")])).toEqual([]);
});

it("says why a function stays, with all reasons in the tooltip", () => {
  const reasons = [
    { message: "the parameter callback is a function", line: 13 },
    { message: "it reads stdin", line: 15 },
  ];

  expect(lensesOf([{ ...model("each", "local"), reasons }])).toMatchObject([
    {
      action: "reasons",
      title: "stays local: the parameter callback is a function (+1 more)",
      tooltip: "Line 13: the parameter callback is a function\nLine 15: it reads stdin",
    },
  ]);
});

it("says that a function would be slower remotely, beside what can be done with it", () => {
  const message = "is called in a loop (line 4) and does so little that each remote call costs more than it saves";
  const reasons = [{ message, line: 2, about: "cost" as const }];

  expect(lensesOf([{ ...model("square", "pure"), reasons }]).slice(3)).toMatchObject([
    {
      action: "reasons",
      title:
        "slower remotely: is called in a loop (line 4) and does so little that each remote call costs more than it saves",
      tooltip: `Line 2: ${message}`,
    },
  ]);
});

it("shows where a function is deployed and whether it is stale", () => {
  const titles = (stale: boolean) =>
    lensesOf([model("f", "pure")], { deployments: [{ target: "local", stale }] }).map(({ title }) => title);

  expect(titles(false)).toEqual(["FaaSify", "Deploy", "Invoke", "deployed to local"]);
  expect(titles(true)).toEqual(["FaaSify", "Deploy", "Invoke", "deployed to local · stale"]);
});

it("shows the last result, shortened, and errors with a cross", () => {
  const last = (state: FunctionState["last"]) =>
    lensesOf([model("f", "pure")], { deployments: [], ...(state && { last: state }) }).at(-1)?.title;

  expect(last({ durationMs: 12.4, result: { net: 22.5 } })).toBe('12 ms → {"net":22.5}');
  expect(last({ durationMs: 0.42 })).toBe("0.4 ms → undefined");
  expect(last({ durationMs: 3, result: null })).toBe("3 ms → null");
  expect(last({ durationMs: 4512, debugged: true, result: 1 })).toBe("4.5 s with pauses → 1");
  expect(last({ durationMs: 5, result: "x".repeat(200) })).toHaveLength("5 ms → ".length + 60);
  expect(last({ durationMs: 8, error: { name: "TypeError", message: "x is\n  undefined" } })).toBe(
    "$(error) 8 ms → TypeError: x is undefined",
  );
});

it("says that a debug session waits for the next invocation", () => {
  expect(lensesOf([model("f", "pure")], { deployments: [], debugged: true }).at(-1)).toMatchObject({
    action: "console",
    title: "$(debug-alt) debug session",
  });
});

it("shows only what goes on while something goes on", () => {
  const lenses = lensesOf([model("f", "pure")], {
    deployments: [{ target: "local", stale: false }],
    activity: "deploying",
    last: { durationMs: 1, result: 1 },
  });

  expect(lenses.slice(3).map(({ title, action }) => [title, action])).toEqual([["$(sync~spin) deploying…", "none"]]);
});

it("formats durations with as many digits as are worth reading", () => {
  expect([0, 0.04, 0.25, 9.96, 12.5, 999, 1234, 12_345].map(formatMs)).toEqual([
    "0 ms",
    "0 ms",
    "0.3 ms",
    "10 ms",
    "13 ms",
    "999 ms",
    "1.2 s",
    "12 s",
  ]);
});

it("shortens to the length, on one line, without cutting a character in half", () => {
  expect(shorten("  a \n\t b ", 10)).toBe("a b");
  expect(shorten("abcdef", 4)).toBe("abc…");
  expect(shorten("ab😀cd", 4)).toBe("ab…");
});

function lensesOf(functions: readonly FunctionModel[], state: FunctionState = untouched) {
  return lensesFor({ file: "/shop/cart.ts", functions, problems: [] }, () => state, english);
}

const english: Localizer = {
  t: (message, ...values) => message.replaceAll(/\{(\d)\}/g, (_, index: string) => String(values[Number(index)])),
};

function model(name: string, verdict: Verdict, line0 = 0): FunctionModel {
  const range = { start: { line0, column0: 0 }, end: { line0: line0 + 3, column0: 1 } };
  return {
    file: "/shop/cart.ts",
    name,
    kind: "function",
    range,
    nameRange: range,
    exported: true,
    async: false,
    parameters: [],
    returnType: "void",
    convention: "plain",
    captures: [],
    calls: [],
    effects: [],
    effectUses: [],
    state: [],
    cost: "unknown",
    verdict,
    reasons: [],
  };
}
