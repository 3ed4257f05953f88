import { spawn } from "node:child_process";
import { once } from "node:events";
import { FaasifyError } from "../../core/errors.ts";
import type { PlatformUsage } from "../../protocol/platform-info.ts";
import { ensurePrivateFolder } from "../../deploy/data-folder.ts";
import { findNode } from "../../deploy/providers/local/node-executable.ts";
import {
  ensurePlatform,
  findPlatform,
  readUsage,
  stopPlatform,
  type LocalOptions,
  type RunningPlatform,
} from "../../deploy/providers/local/platform-process.ts";
import { EXIT, numberOption, ports, wrongUsage, type Command, type CommandInput } from "../command.ts";
import type { CliContext } from "../context.ts";

type Action = (input: CommandInput, context: CliContext, local: LocalOptions) => Promise<number>;

const actions: Readonly<Record<string, Action>> = { start, stop, status, env };

export const platform: Command = {
  name: "platform",
  summary: "Start, stop and look at the local platform",
  usage: "start|stop|status|env [--port N] [--foreground] [--data DIR] [--json]",
  help: [
    "  start         start it, and return when it answers; other commands do so when they need it",
    "  stop          end it after the invocations in flight",
    "  status        does it run, and where",
    "  env           print shell exports that make AWS clients use it:",
    '                  eval "$(faasify platform env)"; aws lambda list-functions',
    "",
    "  --port N      listen on this port of 127.0.0.1 instead of a free one",
    "  --foreground  with start: stay, until Ctrl+C",
  ].join("\n"),
  options: { port: { type: "string" }, foreground: { type: "boolean" } },
  run: (input, context) => {
    const [name = "", ...more] = input.positionals;
    const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
    if (!action || more.length > 0)
      throw wrongUsage(platform, "Say what to do with the platform: start, stop, status or env");
    return action(input, context, { ...context.local, port: numberOption(platform, input, "port", ports) });
  },
};

/** What the platform offers, as AWS clients call it; other services stay where they are. */
const services = ["LAMBDA", "CLOUDWATCH", "CLOUDWATCH_LOGS", "EVENTBRIDGE", "IAM", "SCHEDULER", "STS"];

async function start(input: CommandInput, context: CliContext, local: LocalOptions): Promise<number> {
  if (input.flag("foreground")) return stayWith(context, local);
  const running = await ensurePlatform(local, context.signal);
  checkPort(running, local);
  if (input.json) context.print(JSON.stringify(describe(running, context.folders.root)));
  else context.print(`The local platform runs at ${running.info.endpoint} (process ${running.info.pid}).`);
  return EXIT.done;
}

async function stop(input: CommandInput, context: CliContext, { folder }: LocalOptions): Promise<number> {
  const stopped = await stopPlatform(folder, context.signal);
  if (input.json) context.print(JSON.stringify({ stopped }));
  else context.print(stopped ? "The local platform has stopped." : "The local platform does not run.");
  return EXIT.done;
}

async function status(input: CommandInput, context: CliContext, { folder }: LocalOptions): Promise<number> {
  const running = await findPlatform(folder, context.signal);
  const data = context.folders.root;
  if (!running) {
    context.print(input.json ? JSON.stringify({ running: false, data }) : "The local platform does not run.");
    return EXIT.done;
  }
  const usage = await readUsage(running, context.signal);
  if (input.json) context.print(JSON.stringify({ ...describe(running, data), ...usage }));
  else for (const line of statusLines(running, usage)) context.print(line);
  return EXIT.done;
}

function statusLines({ info, status }: RunningPlatform, { memoryMb, diskBytes, limits }: PlatformUsage): string[] {
  const mib = (bytes: number): string => `${(bytes / (1024 * 1024)).toFixed(1)} MiB`;
  return [
    `The local platform runs at ${info.endpoint} (process ${info.pid}, version ${info.version}).`,
    `${status.functions} functions, ${status.sandboxes} sandboxes, ${status.events} events waiting, up ${Math.round(status.uptimeMs / 1000)} s.`,
    `Memory: ${memoryMb.platform} MiB, and ${memoryMb.sandboxes} MiB in sandboxes. Disk: ${mib(diskBytes.used)}, ${mib(diskBytes.free)} free.`,
    `Limits: ${limits.concurrency} invocations at once, ${limits.reserved} of them reserved; sandboxes end after ${Math.round(limits.idleMs / 1000)} s without work.`,
    "CPU: shared by all sandboxes, not in proportion to their memory as on Lambda.",
  ];
}

async function env(input: CommandInput, context: CliContext, local: LocalOptions): Promise<number> {
  const { info } = await ensurePlatform(local, context.signal);
  const variables: Readonly<Record<string, string>> = {
    ...Object.fromEntries(services.map((service) => [`AWS_ENDPOINT_URL_${service}`, info.endpoint])),
    AWS_REGION: info.region,
    AWS_DEFAULT_REGION: info.region,
    AWS_ACCESS_KEY_ID: info.accessKeyId,
    AWS_SECRET_ACCESS_KEY: info.secretAccessKey,
  };
  if (input.json) context.print(JSON.stringify(variables));
  else for (const [name, value] of Object.entries(variables)) context.print(assignment(name, value));
  return EXIT.done;
}

/** For the shell that the user's system has. The values hold no quotes. */
function assignment(name: string, value: string): string {
  return process.platform === "win32" ? `$env:${name}='${value}'` : `export ${name}='${value}'`;
}

function describe({ info, status }: RunningPlatform, data: string) {
  const { functions, sandboxes, events, uptimeMs } = status;
  return { running: true, ...info, data, functions, sandboxes, events, uptimeMs };
}

function checkPort({ info }: RunningPlatform, { port }: LocalOptions): void {
  if (!port || new URL(info.endpoint).port === String(port)) return;
  throw new FaasifyError("wrong-usage", `The local platform already runs, at ${info.endpoint}`, {
    remedy: "Use it there, or run faasify platform stop first",
  });
}

async function stayWith(context: CliContext, local: LocalOptions): Promise<number> {
  const { signal } = context;
  const running = await findPlatform(local.folder, signal);
  if (running) {
    throw new FaasifyError("wrong-usage", `The local platform already runs, at ${running.info.endpoint}`, {
      remedy: "Run faasify platform stop first",
    });
  }
  ensurePrivateFolder(local.folder);
  const node = await findNode(local.nodePath, signal);
  const port = local.port === undefined ? [] : ["--port", String(local.port)];
  const child = spawn(node.path, [local.platformBundle, "--data", local.folder, ...port], {
    stdio: "inherit",
    env: { ...process.env, ...node.environment },
  });
  // A terminal's Ctrl+C reaches the platform by itself; other signals are passed on.
  signal.addEventListener("abort", () => child.kill("SIGTERM"), { once: true });
  context.note(`The local platform runs in the foreground (process ${child.pid}). Press Ctrl+C to end it.`);
  const [code] = (await once(child, "exit")) as [number | null];
  return code === 0 || signal.aborted ? EXIT.done : EXIT.failed;
}
