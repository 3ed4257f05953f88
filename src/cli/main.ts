import { FaasifyError } from "../core/errors.ts";
import { version } from "../core/version.ts";
import { isRecent } from "../deploy/providers/local/node-executable.ts";
import { EXIT, parseCommandLine, type Command } from "./command.ts";
import { analyze } from "./commands/analyze.ts";
import { canary } from "./commands/canary.ts";
import { dap } from "./commands/dap.ts";
import { decompose } from "./commands/decompose.ts";
import { deploy } from "./commands/deploy.ts";
import { extract } from "./commands/extract.ts";
import { invoke } from "./commands/invoke.ts";
import { list } from "./commands/list.ts";
import { logs } from "./commands/logs.ts";
import { metrics } from "./commands/metrics.ts";
import { platform } from "./commands/platform.ts";
import { relay } from "./commands/relay.ts";
import { remove } from "./commands/remove.ts";
import { restore } from "./commands/restore.ts";
import { rollback } from "./commands/rollback.ts";
import { verify } from "./commands/verify.ts";
import { createContext } from "./context.ts";
import { readAwsOptions } from "./target.ts";

const commands: readonly Command[] = [
  analyze,
  extract,
  deploy,
  invoke,
  decompose,
  verify,
  canary,
  rollback,
  list,
  logs,
  metrics,
  remove,
  restore,
  platform,
  dap,
  relay,
];

/** Runs one command and returns the exit status. Every failure of every command is reported here, and only here. */
async function main(args: readonly string[]): Promise<number> {
  const abort = new AbortController();
  stopOnSignals(abort);
  try {
    return await run(args, abort.signal);
  } catch (error) {
    if (abort.signal.aborted) return EXIT.interrupted;
    return report(error);
  }
}

async function run(args: readonly string[], signal: AbortSignal): Promise<number> {
  const [name, ...rest] = args;
  if (name === "--version" || name === "-v") return say(version);
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    say(rest[0] === undefined ? generalHelp() : commandHelp(commandOf(rest[0])));
    return name === undefined ? EXIT.wrongUsage : EXIT.done;
  }
  const command = commandOf(name);
  const input = parseCommandLine(command, rest);
  if (input.flag("help")) return say(commandHelp(command));
  checkNode();
  return command.run(input, createContext({ data: input.text("data"), aws: readAwsOptions(input), signal }));
}

/** Older ones lack what analysis and the platform use; saying so beats failing somewhere in the middle. */
function checkNode(): void {
  if (isRecent(process.versions.node)) return;
  throw new FaasifyError(
    "node-missing",
    `FaaSify needs Node 22.13 or newer, but this is Node ${process.versions.node}`,
    {
      remedy: "Install a newer Node and run faasify with it",
    },
  );
}

function commandOf(name: string): Command {
  const command = commands.find((candidate) => candidate.name === name);
  if (command) return command;
  throw new FaasifyError("wrong-usage", `There is no command "${name}"`, { remedy: "Run faasify --help" });
}

function report(error: unknown): number {
  if (error instanceof FaasifyError) {
    process.stderr.write(`error ${error.code}: ${oneLine(error.message)}. ${error.remedy}.\n`);
    return error.code === "wrong-usage" ? EXIT.wrongUsage : EXIT.failed;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`error: FaaSify failed unexpectedly. Please report this.\n${text}\n`);
  return EXIT.bug;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, " ");
}

/** The first Ctrl+C lets the command end in order, the second one ends it. */
function stopOnSignals(abort: AbortController): void {
  const stop = (): void => {
    if (abort.signal.aborted) process.exit(EXIT.interrupted);
    abort.abort();
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  // Nobody reads what is noted: the result and the exit status still count.
  process.stderr.on("error", () => undefined);
  // `faasify … | head`: nobody reads on.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    process.exit(error.code === "EPIPE" ? EXIT.done : EXIT.bug);
  });
}

function say(text: string): number {
  process.stdout.write(`${text}\n`);
  return EXIT.done;
}

function generalHelp(): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return [
    "Run ordinary TypeScript and JavaScript functions as cloud functions.",
    "",
    "  faasify <command> [options]",
    "",
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    "",
    "A function is named path/to/file.ts#name (Class.method, outer.inner).",
    "",
    "  --json      one JSON document on stdout, and nothing else",
    "  --data DIR  where deployments and the local platform are kept (also: FAASIFY_DATA)",
    "  --help      about a command: faasify <command> --help",
    "  --version",
    "",
    "Exit status: 0 done, 1 the function itself failed, 2 wrong usage, 3 a failure that says what to do.",
  ].join("\n");
}

function commandHelp({ name, usage, summary, help }: Command): string {
  return [`${summary}.`, "", `  faasify ${name} ${usage}`, "", help].join("\n");
}

// A command that waits for something that keeps no process alive would end as if it had succeeded.
const lost = (): void => {
  process.exitCode = report(new Error("The command ended before it was done"));
};
process.once("beforeExit", lost);
// Not process.exit: what is still being written to a pipe must arrive.
void main(process.argv.slice(2)).then((status) => {
  process.off("beforeExit", lost);
  process.exitCode = status;
});
