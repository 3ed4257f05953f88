import { removeDeployment } from "../../deploy/deploy-function.ts";
import { targetText } from "../../deploy/target-text.ts";
import { EXIT, wrongUsage, type Command } from "../command.ts";
import { findDeployed } from "../deployed.ts";
import { chooseTarget, targetHelp, targetOption } from "../target.ts";

export const remove: Command = {
  name: "remove",
  summary: "Remove deployed functions from their target",
  usage: "<file>#<function>... [--target T] [--json]",
  help: targetHelp.join("\n"),
  options: targetOption,
  run: async (input, context) => {
    if (input.positionals.length === 0) throw wrongUsage(remove, "Name at least one function");
    const deployer = await context.deployer();
    const target = await chooseTarget(remove, input, deployer);
    const deployments = await Promise.all(input.positionals.map((text) => findDeployed(context, text, target)));
    for (const deployment of deployments) {
      await removeDeployment(deployer, deployment, context.signal);
      if (!input.json) context.print(`Removed ${context.idOf(deployment.function)} from ${targetText(deployment)}.`);
    }
    if (input.json)
      context.print(JSON.stringify({ removed: deployments.map((deployment) => context.idOf(deployment.function)) }));
    return EXIT.done;
  },
};
