import { FaasifyError } from "../../core/errors.ts";
import type { ProviderId } from "../../core/invocation.ts";
import type { Deployer } from "../../deploy/deploy-function.ts";
import type { Deployment, FunctionMetrics } from "../../deploy/provider.ts";
import { targetText } from "../../deploy/target-text.ts";
import { EXIT, type Command } from "../command.ts";
import type { CliContext } from "../context.ts";
import { findDeployed } from "../deployed.ts";
import { chooseTarget, targetHelp, targetOption } from "../target.ts";

export const metrics: Command = {
  name: "metrics",
  summary: "Count invocations, errors, throttles and cold starts, with p50 and p95 of the duration",
  usage: "[<file>#<function>]... [--target T] [--json]",
  help: ["Without a function: all that is deployed there.", "", ...targetHelp].join("\n"),
  options: targetOption,
  run: async (input, context) => {
    const deployer = await context.deployer();
    const target = await chooseTarget(metrics, input, deployer);
    const named = input.positionals.length > 0;
    const deployments = named
      ? await Promise.all(input.positionals.map((text) => findDeployed(context, text, target)))
      : await deployedTo(deployer, target);
    const found = await Promise.all(deployments.map((deployment) => measure(context, deployment, named)));
    const functions = found.filter((entry) => entry !== undefined);
    if (input.json) context.print(JSON.stringify({ functions }));
    else for (const line of table(functions)) context.print(line);
    return EXIT.done;
  },
};

async function deployedTo({ store, provider }: Deployer, target: ProviderId): Promise<readonly Deployment[]> {
  const place = await (await provider(target)).place?.();
  const where = targetText({ target, ...(place && { place }) });
  return (await store.list()).filter((deployment) => targetText(deployment) === where);
}

type Row = FunctionMetrics & { readonly function: string };

/** What is noted down but gone from its target has no metrics: an error only where the user asked for that function. */
async function measure(context: CliContext, deployment: Deployment, named: boolean): Promise<Row | undefined> {
  const provider = await (await context.deployer()).provider(deployment.target, deployment.place);
  try {
    return {
      function: context.idOf(deployment.function),
      ...(await provider.metrics(deployment.name, context.signal)),
    };
  } catch (error) {
    if (!named && error instanceof FaasifyError && error.code === "function-not-deployed") return undefined;
    throw error;
  }
}

function table(rows: readonly Row[]): readonly string[] {
  if (rows.length === 0) return ["Nothing is deployed."];
  const head = ["function", "invocations", "errors", "throttles", "cold starts", "p50 ms", "p95 ms"];
  const body = rows.map((row) => [
    row.function,
    ...[row.invocations, row.errors, row.throttles, row.coldStarts].map(String),
    ...[row.p50Ms, row.p95Ms].map((value) => (value === undefined ? "–" : value.toFixed(1))),
  ]);
  const lines = [head, ...body];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines.map((line) =>
    line
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  "),
  );
}
