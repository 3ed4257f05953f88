import { EXIT, numberOption, wrongUsage, type Command } from "../command.ts";
import { followLogs } from "../../deploy/follow-logs.ts";
import type { LogEvent } from "../../deploy/provider.ts";
import type { CliContext } from "../context.ts";
import { findDeployed } from "../deployed.ts";
import { chooseTarget, targetHelp, targetOption } from "../target.ts";

/** A year: nothing is kept for longer. */
const MAX_MINUTES = 525_600;
const MAX_LINES = 1_000_000;

export const logs: Command = {
  name: "logs",
  summary: "Show what a deployed function has written",
  usage: "<file>#<function> [--target T …] [--since MINUTES] [--limit N] [--follow] [--json]",
  help: [
    "Oldest line first, with the platform's START, END and REPORT lines.",
    "",
    "  --since MINUTES  only lines of the last so many minutes",
    "  --limit N        at most the last N lines",
    "  --follow         stay, and show what is printed from now on (or since --since), until Ctrl+C; with --json one",
    "                   document per line",
    ...targetHelp,
  ].join("\n"),
  options: { ...targetOption, since: { type: "string" }, limit: { type: "string" }, follow: { type: "boolean" } },
  run: async (input, context) => {
    const [text, ...more] = input.positionals;
    if (text === undefined || more.length > 0) throw wrongUsage(logs, "Name one function");
    const minutes = numberOption(logs, input, "since", { min: 0, max: MAX_MINUTES });
    const limit = numberOption(logs, input, "limit", { min: 1, max: MAX_LINES });
    const deployer = await context.deployer();
    const { name, target, place } = await findDeployed(context, text, await chooseTarget(logs, input, deployer));
    const provider = await deployer.provider(target, place);
    const print = (event: LogEvent): void =>
      context.print(
        input.json ? JSON.stringify(event) : `${new Date(event.timestampMs).toISOString()} ${event.message}`,
      );
    if (input.flag("follow")) {
      if (limit !== undefined) throw wrongUsage(logs, "--follow and --limit exclude each other");
      const sinceMs = Date.now() - (minutes ?? 0) * 60_000;
      return follow(context, followLogs(provider, { name, sinceMs }, context.signal), print);
    }
    const range = {
      ...(minutes !== undefined && { sinceMs: Date.now() - minutes * 60_000 }),
      ...(limit !== undefined && { limit }),
    };
    const events = await provider.logs(name, range, context.signal);
    if (input.json) context.print(JSON.stringify({ events }));
    else for (const event of events) print(event);
    return EXIT.done;
  },
};

/** Ends well with Ctrl+C. */
async function follow(
  { signal }: CliContext,
  events: AsyncIterable<LogEvent>,
  print: (event: LogEvent) => void,
): Promise<number> {
  try {
    for await (const event of events) print(event);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return EXIT.done;
}
