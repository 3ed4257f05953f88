import { DEFAULT_ALIAS, rollBack } from "../../deploy/canary/release.ts";
import { EXIT, wrongUsage, type Command } from "../command.ts";
import { findDeployed } from "../deployed.ts";
import { chooseTarget, targetHelp, targetOption } from "../target.ts";

export const rollback: Command = {
  name: "rollback",
  summary: "Move an alias back to the version before",
  usage: "<file>#<function> [--to VERSION] [--alias NAME] [--target T] [--json]",
  help: [
    "Ends a canary that runs. Without one the alias goes to the version that the last canary has replaced, or else to the",
    "one that was published before. Published versions never change: what runs then is what ran before.",
    "",
    "  --to VERSION  to this one instead",
    `  --alias NAME  which alias (${DEFAULT_ALIAS})`,
    ...targetHelp,
  ].join("\n"),
  options: { ...targetOption, to: { type: "string" }, alias: { type: "string" } },
  run: async (input, context) => {
    const [text, ...more] = input.positionals;
    if (text === undefined || more.length > 0) throw wrongUsage(rollback, "Name one function");
    const deployer = await context.deployer();
    const deployment = await findDeployed(context, text, await chooseTarget(rollback, input, deployer));
    const to = input.text("to");
    const options = { alias: input.text("alias") ?? DEFAULT_ALIAS, ...(to !== undefined && { to }) };
    const done = await rollBack(
      await deployer.provider(deployment.target, deployment.place),
      deployment,
      options,
      context.signal,
    );
    const id = context.idOf(deployment.function);
    if (input.json) context.print(JSON.stringify({ function: id, ...done }));
    else context.print(`${id}: ${done.alias} is back at version ${done.to}, from ${done.from}.`);
    return EXIT.done;
  },
};
