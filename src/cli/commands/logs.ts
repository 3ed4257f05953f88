import { EXIT, numberOption, wrongUsage, type Command } from "../command.ts";
import { findDeployed } from "../deployed.ts";
import { targetOption, toTarget } from "../target.ts";

/** A year: nothing is kept for longer. */
const MAX_MINUTES = 525_600;
const MAX_LINES = 1_000_000;

export const logs: Command = {
  name: "logs",
  summary: "Show what a deployed function has written",
  usage: "<file>#<function> [--target T] [--since MINUTES] [--limit N] [--json]",
  help: [
    "Oldest line first, with the platform's START, END and REPORT lines.",
    "",
    "  --since MINUTES  only lines of the last so many minutes",
    "  --limit N        at most the last N lines",
    "  --target T       where: local (the default)",
  ].join("\n"),
  options: { ...targetOption, since: { type: "string" }, limit: { type: "string" } },
  run: async (input, context) => {
    const [text, ...more] = input.positionals;
    if (text === undefined || more.length > 0) throw wrongUsage(logs, "Name one function");
    const minutes = numberOption(logs, input, "since", { min: 0, max: MAX_MINUTES });
    const limit = numberOption(logs, input, "limit", { min: 1, max: MAX_LINES });
    const { name, target } = await findDeployed(context, text, toTarget(input));
    const provider = await (await context.deployer()).provider(target);
    const range = {
      ...(minutes !== undefined && { sinceMs: Date.now() - minutes * 60_000 }),
      ...(limit !== undefined && { limit }),
    };
    const events = await provider.logs(name, range, context.signal);
    if (input.json) context.print(JSON.stringify({ events }));
    else
      for (const { timestampMs, message } of events) context.print(`${new Date(timestampMs).toISOString()} ${message}`);
    return EXIT.done;
  },
};
