/**
 * The main job without an editor, on a copy of examples/shop: analyse, deploy, invoke, stop at a breakpoint, step, change
 * the source, hot-deploy, invoke again. Everything that is printed was measured or answered by the running system, and
 * every step checks what it shows.
 */
import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { lensesFor } from "../../src/codelens/lenses.ts";
import { canMove, type FileAnalysis, type FunctionModel } from "../../src/core/function-model.ts";
import { createAnalyzer } from "../../src/analysis/analyzer.ts";
import { debugFunction, type DapSession, type Stop } from "./dap-client.ts";
import { faasifyJson, startAdapter, type CommandOptions } from "./faasify-command.ts";
import { stopPlatform } from "./platform-process.ts";
import { repository, StepError } from "./run.ts";

const sourceFile = "src/cart.ts";
const functionName = "checkout";
const breakpointText = "const vat = ";
const cart = [[{ name: "book", price: 12.5, quantity: 2 }], "WELCOME"];
const change = { from: "const vatRate = 0.2;", to: "const vatRate = 0.4;" };

interface Receipt {
  readonly net: number;
  readonly vat: number;
  readonly total: number;
}

/** What `deploy --json` and `invoke --json` answer; more is in it. */
interface DeployAnswer {
  readonly deployments: readonly {
    readonly name: string;
    readonly target: string;
    readonly version: string;
    readonly artifactBytes: number;
    readonly unchanged: boolean;
  }[];
}
interface InvokeAnswer {
  readonly result?: Receipt;
  readonly error?: unknown;
  readonly durationMs: number;
  readonly coldStart: boolean;
  readonly log: readonly string[];
}

interface MetricsAnswer {
  readonly functions: readonly {
    readonly function: string;
    readonly invocations: number;
    readonly errors: number;
    readonly coldStarts: number;
    readonly p50Ms?: number;
  }[];
}

/** @throws StepError naming the step that failed */
export async function terminalTour(): Promise<void> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "faasify-tour-"));
  const shop = path.join(folder, "shop");
  const data = path.join(folder, "data");
  cpSync(path.join(repository, "examples/shop"), shop, { recursive: true });
  mkdirSync(data);
  const interrupted = (): void => {
    void stopPlatform(data).finally(() => process.exit(130));
  };
  process.once("SIGINT", interrupted);
  console.log(
    "\nFaaSify in the terminal, on a copy of examples/shop. Times are from asking to having the answer; a command's own start is in them.\n",
  );
  try {
    await tour({ cwd: shop, env: { ...process.env, FAASIFY_DATA: data } });
  } finally {
    process.off("SIGINT", interrupted);
    await stopPlatform(data);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

async function tour(options: CommandOptions): Promise<void> {
  const file = path.join(options.cwd, sourceFile);
  const name = `${sourceFile}#${functionName}`;
  await step("Analyse: what stands above each function", () => showLenses(options.cwd));
  await step(`Deploy ${name} (starts the platform)`, () => deploy(name, options));
  await step("Deploy it again, unchanged", () => deploy(name, options));
  await step("Invoke it", () => invoke(name, options));
  await step("Invoke it again, warm", () => invoke(name, options));
  await debugTour(file, options);
  await step("Metrics of the platform", () => metrics(options));
}

/** The adapter is a process of its own, spoken to as any editor does. */
async function debugTour(file: string, options: CommandOptions): Promise<void> {
  await using adapter = await startAdapter(options);
  const line = lineOf(file, breakpointText);
  const start = Promise.withResolvers<DapSession>();
  await step(`Debug: deploy with the shim, breakpoint at ${sourceFile}:${line}`, async () => {
    start.resolve(await debugFunction(adapter.port, `${file}#${functionName}`, { file, line }));
    return ["ready, waiting for invocations"];
  });
  await using session = await start.promise;

  const first = await stepWithValue("Invoke: the deployed function stops", async () => {
    const { stop, result } = await session.invokeAndStop(cart);
    assert.deepEqual([stop.file, stop.line], [file, line]);
    return { value: { stop, result }, lines: stopLines(stop) };
  });
  const next = await stepWithValue("Step over", async () => {
    const stop = await session.stepOver(first.stop);
    assert.equal(stop.line, line + 1);
    assert.equal(stop.variables.get("vat"), "4.5");
    return { value: stop, lines: stopLines(stop) };
  });
  const before = await stepWithValue("Continue", async () => {
    await session.resume(next);
    const receipt = (await first.result).result as Receipt;
    return { value: receipt, lines: [JSON.stringify(receipt)] };
  });
  await step(`Change the source (${change.to}) and hot-deploy`, async () => {
    edit(file);
    await session.hotDeploy();
    return ["the session and its breakpoint stay"];
  });
  const second = await stepWithValue("Invoke again: stops in the new code", async () => {
    const { stop, result } = await session.invokeAndStop(cart);
    assert.deepEqual([stop.file, stop.line], [file, line]);
    return { value: { stop, result }, lines: stopLines(stop) };
  });
  await step("Continue to the new result", async () => {
    await session.resume(second.stop);
    const after = (await second.result).result as Receipt;
    assert.equal(after.vat, before.vat * 2);
    return [`${JSON.stringify(after)}  (VAT was ${before.vat})`];
  });
}

/** As the editor shows them: the same analysis and the same function that makes the lenses. */
function showLenses(shop: string): Promise<string[]> {
  const analyzer = createAnalyzer();
  const files = ["cart.ts", "money.ts", "stock.js", "main.ts"].map((name) => path.join(shop, "src", name));
  const lines = files.flatMap((file) => [path.relative(shop, file), ...lensLines(analyzer.analyzeFile(file))]);
  assert.ok(lines.some((line) => line.includes("FaaSify | Deploy | Invoke")));
  return Promise.resolve(lines);
}

function lensLines(analysis: FileAnalysis): string[] {
  const lenses = lensesFor(analysis, () => ({ deployments: [] }), { t: fillIn });
  return analysis.functions.map((model) => {
    const titles = lenses.filter((lens) => lens.function === model).map(({ title }) => title);
    const place = String(model.range.start.line0 + 1).padStart(5);
    const lens = titles.join(" | ") || "(entry point: left alone)";
    return `${place}  ${model.name.padEnd(18)} ${lens.padEnd(28)} ${verdictText(model)}`.trimEnd();
  });
}

/** What the lens does not say already. */
function verdictText({ verdict, effects }: FunctionModel): string {
  if (!canMove(verdict)) return "";
  return effects.length > 0 ? `${verdict}: ${effects.join(", ")}` : verdict;
}

/** What vscode.l10n.t does with an English message. */
function fillIn(message: string, ...values: readonly (string | number | boolean)[]): string {
  return message.replaceAll(/\{(\d+)\}/g, (_, index: string) => String(values[Number(index)]));
}

async function deploy(name: string, options: CommandOptions): Promise<string[]> {
  const { deployments } = await faasifyJson<DeployAnswer>(["deploy", name], options);
  return deployments.map(
    ({ name, target, version, artifactBytes, unchanged }) =>
      `${name} on ${target}, version ${version}, ${artifactBytes} bytes${unchanged ? ", unchanged" : ""}`,
  );
}

async function invoke(name: string, options: CommandOptions): Promise<string[]> {
  const args = ["invoke", name, "--args", JSON.stringify(cart)];
  const { result, durationMs, coldStart, log } = await faasifyJson<InvokeAnswer>(args, options);
  assert.deepEqual(result, { net: 22.5, vat: 4.5, total: 27 });
  const how = `${durationMs.toFixed(1)} ms in the function, ${coldStart ? "cold start" : "warm"}`;
  return [
    `${JSON.stringify(result)}  (${how})`,
    ...log.filter((line) => line.includes("items,")).map((line) => `log: ${line.trimEnd().replaceAll("\t", "  ")}`),
  ];
}

async function metrics(options: CommandOptions): Promise<string[]> {
  const { functions } = await faasifyJson<MetricsAnswer>(["metrics"], options);
  assert.ok(functions.some(({ invocations }) => invocations >= 2));
  return functions.map(
    ({ function: name, invocations, errors, coldStarts, p50Ms }) =>
      `${name}: ${invocations} invocations, ${errors} errors, ${coldStarts} cold starts, p50 ${p50Ms?.toFixed(1) ?? "–"} ms`,
  );
}

function stopLines({ file, line, functionName, variables }: Stop): string[] {
  const text = readFileSync(file, "utf8").split("\n")[line - 1] ?? "";
  const values = Array.from(variables, ([name, value]) => `${name} = ${value}`);
  return [`${functionName} at ${path.basename(file)}:${line}  ${text.trim()}`, values.join(", ")];
}

function lineOf(file: string, text: string): number {
  const index = readFileSync(file, "utf8")
    .split("\n")
    .findIndex((line) => line.includes(text));
  if (index < 0) throw new StepError(`${file} has no line with ${text}`);
  return index + 1;
}

function edit(file: string): void {
  const text = readFileSync(file, "utf8");
  assert.ok(text.includes(change.from));
  writeFileSync(file, text.replace(change.from, change.to));
}

async function step(title: string, work: () => Promise<readonly string[]>): Promise<void> {
  await stepWithValue(title, async () => ({ value: undefined, lines: await work() }));
}

/** Prints the title, its milliseconds and the lines; the time includes everything between asking and having the answer. */
async function stepWithValue<T>(
  title: string,
  work: () => Promise<{ readonly value: T; readonly lines: readonly string[] }>,
): Promise<T> {
  const started = performance.now();
  try {
    const { value, lines } = await work();
    const took = `${(performance.now() - started).toFixed(0)} ms`;
    console.log(`✓ ${title.padEnd(72)} ${took.padStart(8)}`);
    for (const line of lines) console.log(`    ${line}`);
    return value;
  } catch (error) {
    console.log(`✗ ${title}`);
    throw new StepError(`${title}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
