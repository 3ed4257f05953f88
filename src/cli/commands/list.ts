import type { Deployment } from "../../deploy/provider.ts";
import { targetText } from "../../deploy/target-text.ts";
import { isStale } from "../../deploy/staleness.ts";
import { EXIT, wrongUsage, type Command } from "../command.ts";

export const list: Command = {
  name: "list",
  summary: "List what is deployed, and whether its sources have changed since",
  usage: "[--json]",
  help: "Functions of all projects are listed, as far as they were deployed with this data folder.",
  options: {},
  run: async ({ positionals, json }, context) => {
    if (positionals.length > 0) throw wrongUsage(list, "There is nothing to name");
    const { store } = await context.deployer();
    const deployments = await store.list();
    const functions = await Promise.all(
      deployments.map(async (deployment) => ({
        function: context.idOf(deployment.function),
        ...describe(deployment),
        where: targetText(deployment),
        stale: await isStale(deployment),
      })),
    );
    if (json) context.print(JSON.stringify({ functions }));
    else if (functions.length === 0) context.print("Nothing is deployed.");
    else for (const entry of functions) context.print(lineFor(entry));
    return EXIT.done;
  },
};

function describe({ target, place, name, version, artifactBytes, deployedAt, configuration }: Deployment) {
  const { memoryMb, timeoutMs } = configuration;
  return { target, ...place, name, version, artifactBytes, deployedAt, memoryMb, timeoutMs };
}

function lineFor(
  entry: ReturnType<typeof describe> & { readonly function: string; readonly where: string; readonly stale: boolean },
): string {
  return `${entry.function} → ${entry.where}/${entry.name}${entry.stale ? " (sources have changed since)" : ""}`;
}
