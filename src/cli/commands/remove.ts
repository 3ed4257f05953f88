import { removeDeployment } from "../../deploy/deploy-function.ts";
import { EXIT, wrongUsage, type Command } from "../command.ts";
import { findDeployed } from "../deployed.ts";
import { targetOption, toTarget } from "../target.ts";

export const remove: Command = {
  name: "remove",
  summary: "Remove deployed functions from their target",
  usage: "<file>#<function>... [--target T] [--json]",
  help: "  --target T  where: local (the default)",
  options: targetOption,
  run: async (input, context) => {
    if (input.positionals.length === 0) throw wrongUsage(remove, "Name at least one function");
    const target = toTarget(input);
    const deployments = await Promise.all(input.positionals.map((text) => findDeployed(context, text, target)));
    const deployer = await context.deployer();
    for (const deployment of deployments) {
      await removeDeployment(deployer, deployment, context.signal);
      if (!input.json) context.print(`Removed ${context.idOf(deployment.function)} from ${target}.`);
    }
    if (input.json)
      context.print(JSON.stringify({ removed: deployments.map((deployment) => context.idOf(deployment.function)) }));
    return EXIT.done;
  },
};
