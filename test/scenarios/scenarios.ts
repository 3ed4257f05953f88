/**
 * What is done to a debugged program, as data: run by FaaSify's adapter (golden transcripts) and, in the editor suite, by VS
 * Code's js-debug as well, which must see the same.
 */
export interface Scenario {
  readonly name: string;
  /** In src/scenarios.ts of the fixture. */
  readonly run: string;
  readonly args: readonly unknown[];
  readonly breakpoints?: readonly ScenarioBreakpoint[];
  /** Pause at exceptions. */
  readonly exceptions?: "caught" | "uncaught";
  /** One list per stop: what is asked there. The last thing of each is how it goes on; behind the last list the program runs on. */
  readonly stops: readonly (readonly Action[])[];
}

export interface ScenarioBreakpoint {
  /** Text of its line. */
  readonly at: string;
  /** Text behind which it is, on that line. */
  readonly behind?: string;
  readonly file?: "scenarios.ts" | "rounding.ts";
  readonly condition?: string;
  readonly hitCondition?: string;
  readonly logMessage?: string;
}

export type Action =
  | "continue"
  | "next"
  | "stepIn"
  | "stepOut"
  | "restartFrame"
  /** All breakpoints go. */
  | "clear"
  | { readonly evaluate: string }
  | { readonly set: string; readonly to: string }
  /** The members of a variable. */
  | { readonly expand: string };

const lines = [
  { name: "pen", price: 1.234 },
  { name: "ink", price: 2 },
  { name: "pad", price: 3.5 },
];
const price = { at: "const price = round" };
const go: readonly Action[] = ["continue"];
const step: readonly Action[] = ["next"];

export const scenarios: readonly Scenario[] = [
  { name: "a breakpoint at each pass of a loop", run: "sum", args: [lines], breakpoints: [price], stops: [go, go, go] },
  {
    name: "steps over a loop",
    run: "sum",
    args: [lines.slice(0, 2)],
    breakpoints: [{ at: "let total" }],
    stops: [step, step, step, step, step, step, go],
  },
  {
    name: "a step into another file",
    run: "sum",
    args: [lines.slice(0, 1)],
    breakpoints: [price],
    stops: [["stepIn"], step, step, step, go],
  },
  {
    name: "a step out of a call",
    run: "sum",
    args: [lines.slice(0, 1)],
    breakpoints: [{ at: "const cents", file: "rounding.ts" }],
    stops: [["stepOut"], step, go],
  },
  {
    name: "a condition",
    run: "sum",
    args: [lines],
    breakpoints: [{ ...price, condition: 'line.name === "ink"' }],
    stops: [go],
  },
  { name: "a hit count", run: "sum", args: [lines], breakpoints: [{ ...price, hitCondition: "== 3" }], stops: [go] },
  {
    name: "every second hit",
    run: "sum",
    args: [lines],
    breakpoints: [{ ...price, hitCondition: "% 2" }],
    stops: [go],
  },
  {
    name: "a log point",
    run: "sum",
    args: [lines],
    breakpoints: [{ ...price, logMessage: "{line.name} costs {line.price}" }],
    stops: [],
  },
  {
    name: "breakpoints in two files",
    run: "sum",
    args: [lines.slice(0, 1)],
    breakpoints: [price, { at: "return cents", file: "rounding.ts" }],
    stops: [go, go],
  },
  {
    name: "breakpoints that are taken away",
    run: "sum",
    args: [lines],
    breakpoints: [price],
    stops: [["clear", "continue"]],
  },
  {
    name: "a breakpoint in a line",
    run: "compact",
    args: [3, -4],
    breakpoints: [{ at: "const c =", behind: "Math.max(a, b) + " }],
    stops: [step, go],
  },
  {
    name: "a stack of recursion",
    run: "factorial",
    args: [4],
    breakpoints: [{ at: "if (n <= 1)", condition: "n === 1" }],
    stops: [["stepOut"], step, ["stepOut"], go],
  },
  { name: "values of all kinds", run: "values", args: [], breakpoints: [{ at: "return `${text}" }], stops: [go] },
  {
    name: "an object opened",
    run: "values",
    args: [],
    breakpoints: [{ at: "return `${text}" }],
    stops: [[{ expand: "nested" }, { expand: "odd" }, "continue"]],
  },
  {
    name: "an array opened",
    run: "values",
    args: [],
    breakpoints: [{ at: "return `${text}" }],
    stops: [[{ expand: "list" }, { expand: "bytes" }, "continue"]],
  },
  {
    name: "an instance opened",
    run: "values",
    args: [],
    breakpoints: [{ at: "return `${text}" }],
    stops: [[{ expand: "point" }, "continue"]],
  },
  {
    name: "steps in a method",
    run: "method",
    args: [3, 4],
    breakpoints: [{ at: "const length = point" }],
    stops: [["stepIn"], step, ["stepOut"], go],
  },
  { name: "steps over awaits", run: "waits", args: [1], breakpoints: [{ at: "const first" }], stops: [step, step, go] },
  {
    name: "a stop in an awaited function",
    run: "waits",
    args: [1],
    breakpoints: [{ at: "const next = n" }],
    stops: [step, go, go],
  },
  {
    name: "variables of closures",
    run: "closures",
    args: [10],
    breakpoints: [{ at: "count += by" }],
    stops: [step, go, go],
  },
  {
    name: "a callback of map",
    run: "mapped",
    args: [[1, 2]],
    breakpoints: [{ at: "const twice" }],
    stops: [step, go, go],
  },
  { name: "a generator", run: "spread", args: [2], breakpoints: [{ at: "yield n" }], stops: [go, go] },
  {
    name: "variables of the module",
    run: "modules",
    args: [5],
    breakpoints: [{ at: "return result + runs" }],
    stops: [[{ evaluate: "rate.factor + runs" }, "continue"]],
  },
  { name: "caught exceptions", run: "caught", args: ["{}"], exceptions: "caught", stops: [go] },
  { name: "an uncaught exception", run: "uncaught", args: ["late"], exceptions: "uncaught", stops: [go] },
  { name: "a debugger statement", run: "stops", args: [1], stops: [step, go] },
  {
    name: "expressions",
    run: "sum",
    args: [lines],
    breakpoints: [{ at: "return total;" }],
    stops: [
      [
        { evaluate: "total * 2" },
        { evaluate: "lines.length" },
        { evaluate: "lines[0]" },
        { evaluate: "missing.name" },
        { evaluate: "lines.map(({ name }) => name)" },
        "continue",
      ],
    ],
  },
  {
    name: "a changed variable",
    run: "sum",
    args: [lines.slice(0, 1)],
    breakpoints: [{ at: "return total;" }],
    stops: [[{ set: "total", to: "total + 1000" }, { evaluate: "total" }, "continue"]],
  },
  {
    name: "a restarted frame",
    run: "method",
    args: [3, 4],
    breakpoints: [{ at: "return Math.sqrt" }],
    stops: [["clear", "restartFrame"], step, step, go],
  },
  {
    name: "branches and loops",
    run: "choose",
    args: ["b"],
    breakpoints: [{ at: "switch (kind)" }],
    stops: [step, step, step, step, go],
  },
  { name: "a finally", run: "finallys", args: [8], breakpoints: [{ at: "return n / 2" }], stops: [step, go] },
];
