import type { CanaryPlan } from "../../core/canary/canary.ts";
import {
  describeMs,
  findSchedule,
  namedSchedules,
  oneStep,
  parseDurationMs,
  shortName,
  type CanarySchedule,
} from "../../core/canary/schedule.ts";
import { summarize, type CanarySummary, type VersionSummary } from "../../core/canary/summary.ts";
import { DEFAULT_ALIAS, endCanary, releaseCanary, releasesOf } from "../../deploy/canary/release.ts";
import type { Deployment } from "../../deploy/provider.ts";
import { wait } from "../../deploy/wait.ts";
import { EXIT, numberOption, wrongUsage, type Command, type CommandInput } from "../command.ts";
import type { CliContext } from "../context.ts";
import { findDeployed } from "../deployed.ts";
import { chooseTarget, targetHelp, targetOption } from "../target.ts";

export const canary: Command = {
  name: "canary",
  summary: "Give a new version some of the traffic, and all of it when it does as well as the one before",
  usage: "<file>#<function> [--weight PERCENT --for TIME | --schedule NAME] [--promote|--rollback|--status] [--json]",
  help: [
    "Publishes the function as its sources are now. An alias, which callers invoke (`NAME:live`), then sends it a share of",
    "its invocations. When it fails more often or is slower it is rolled back; otherwise it gets all when the time is over.",
    "The local platform goes on with it whether this command waits or not. Exit status 1: it was rolled back.",
    "",
    "  --weight N    percent of the invocations, from 1 to 99 (10)",
    "  --for TIME    how long, such as 90s, 5m or 1h (5m)",
    `  --schedule S  one of CodeDeploy's instead: ${namedSchedules.map(shortName).join(", ")}`,
    `  --alias NAME  which alias (${DEFAULT_ALIAS}); it is made if it is not there, at what is deployed`,
    "  --no-gate     never roll it back by itself",
    "  --if-interrupted continue|rollback",
    "                what to do when the platform ended meanwhile and starts again (continue)",
    "  --wait        stay until it has ended",
    "",
    "  --status      how both versions do",
    "  --promote     give it all traffic now",
    "  --rollback    give it none any more",
    ...targetHelp,
  ].join("\n"),
  options: {
    ...targetOption,
    weight: { type: "string" },
    for: { type: "string" },
    schedule: { type: "string" },
    alias: { type: "string" },
    "no-gate": { type: "boolean" },
    "if-interrupted": { type: "string" },
    wait: { type: "boolean" },
    status: { type: "boolean" },
    promote: { type: "boolean" },
    rollback: { type: "boolean" },
  },
  run: async (input, context) => {
    const [text, ...more] = input.positionals;
    if (text === undefined || more.length > 0) throw wrongUsage(canary, "Name one function");
    const action = actionOf(input);
    const plan = readPlan(input);
    const deployer = await context.deployer();
    const deployment = await findDeployed(context, text, await chooseTarget(canary, input, deployer));
    if (action === "start") {
      const alias = input.text("alias") ?? DEFAULT_ALIAS;
      const state = await releaseCanary(deployer, deployment, { alias, plan }, context.signal);
      return input.flag("wait") ? follow(input, context, deployment) : show(input, context, summarize(state));
    }
    if (action === "status")
      return input.flag("wait") ? follow(input, context, deployment) : status(input, context, deployment);
    const provider = await deployer.provider(deployment.target, deployment.place);
    return show(input, context, summarize(await endCanary(provider, deployment.name, action, context.signal)));
  },
};

type Action = "start" | "status" | "promote" | "rollback";

function actionOf(input: CommandInput): Action {
  const given = (["status", "promote", "rollback"] as const).filter((action) => input.flag(action));
  if (given.length > 1) throw wrongUsage(canary, `Give only one of --${given.join(" and --")}`);
  const [action = "start"] = given;
  const forStart = ["weight", "for", "schedule", "alias", "if-interrupted"].find((o) => input.text(o) !== undefined);
  if (action !== "start" && forStart !== undefined) throw wrongUsage(canary, `--${action} takes no --${forStart}`);
  return action;
}

function readPlan(input: CommandInput): CanaryPlan {
  const onInterrupted = input.text("if-interrupted") ?? "continue";
  if (onInterrupted !== "continue" && onInterrupted !== "rollback") {
    throw wrongUsage(canary, `--if-interrupted is continue or rollback, not "${onInterrupted}"`);
  }
  return { schedule: readSchedule(input), gated: !input.flag("no-gate"), onInterrupted };
}

const DEFAULT_PERCENT = 10;
const DEFAULT_TIME = "5m";

function readSchedule(input: CommandInput): CanarySchedule {
  const named = input.text("schedule");
  const percent = numberOption(canary, input, "weight", { min: 1, max: 99 });
  const time = input.text("for");
  if (named === undefined) {
    const forMs = parseDurationMs(time ?? DEFAULT_TIME);
    if (forMs === undefined) throw wrongUsage(canary, `--for needs a time such as 90s, 5m or 1h, not "${time}"`);
    return oneStep(percent ?? DEFAULT_PERCENT, forMs);
  }
  if (percent !== undefined || time !== undefined) {
    throw wrongUsage(canary, "Give --schedule, or --weight and --for, not both");
  }
  const schedule = findSchedule(named);
  if (schedule) return schedule;
  throw wrongUsage(canary, `There is no schedule "${named}"; there are ${namedSchedules.map(shortName).join(", ")}`);
}

async function find(context: CliContext, { name, target, place }: Deployment): Promise<CanarySummary | undefined> {
  const deployer = await context.deployer();
  const { canaries } = releasesOf(await deployer.provider(target, place));
  const state = await canaries.find(name, context.signal);
  return state && summarize(state);
}

async function status(input: CommandInput, context: CliContext, deployment: Deployment): Promise<number> {
  const summary = await find(context, deployment);
  if (summary) return show(input, context, summary);
  context.print(input.json ? "{}" : `There was no canary of ${context.idOf(deployment.function)} yet.`);
  return EXIT.done;
}

const POLL_MS = 500;

async function follow(input: CommandInput, context: CliContext, deployment: Deployment): Promise<number> {
  let told = "";
  for (;;) {
    const summary = await find(context, deployment);
    if (!summary || summary.state !== "running") return status(input, context, deployment);
    const weight = shareText(summary.canary);
    if (weight !== told && !input.json)
      context.note(`Version ${summary.canary.version} gets ${weight} of the traffic.`);
    told = weight;
    await wait(POLL_MS, context.signal);
  }
}

/** A canary that was not good enough is a failure for scripts that wait for it. */
function show(input: CommandInput, context: CliContext, summary: CanarySummary): number {
  if (input.json) context.print(JSON.stringify(summary));
  else for (const line of linesOf(summary)) context.print(line);
  return summary.state === "rolled-back" && !input.flag("rollback") ? EXIT.functionFailed : EXIT.done;
}

const states: Readonly<Record<CanarySummary["state"], string>> = {
  running: "running",
  promoted: "promoted",
  "rolled-back": "rolled back",
  superseded: "left alone",
};

function linesOf(summary: CanarySummary): readonly string[] {
  const { alias, schedule, state, reason, elapsedMs, totalMs, stable, canary } = summary;
  const time = state === "running" ? `, ${describeMs(elapsedMs)} of ${describeMs(totalMs)}` : "";
  return [
    `${alias}: ${states[state]}${reason === undefined ? "" : `: ${reason}`} (${schedule}${time}, gate ${summary.gate})`,
    ...[
      ["version", "weight", "invocations", "errors", "p50 ms", "p95 ms"],
      rowOf(stable, "stable"),
      rowOf(canary, "canary"),
    ].map((cells) => cells.map((cell, index) => (index === 0 ? cell.padEnd(14) : cell.padStart(12))).join("")),
  ];
}

function rowOf(version: VersionSummary, role: string): readonly string[] {
  const { invocations, errors, p50Ms, p95Ms } = version;
  const rate = invocations === 0 ? "–" : `${errors} (${((100 * errors) / invocations).toFixed(1)} %)`;
  const times = [p50Ms, p95Ms].map((ms) => (ms === undefined ? "–" : ms.toFixed(1)));
  return [`${version.version} (${role})`, shareText(version), String(invocations), rate, ...times];
}

function shareText({ weight }: VersionSummary): string {
  return weight === undefined ? "–" : `${Math.round(weight * 100)} %`;
}
