import { readFile } from "node:fs/promises";
import path from "node:path";
import { FaasifyError } from "../../core/errors.ts";
import type { FunctionRef } from "../../core/function-ref.ts";
import type { InvocationInput, InvocationResult, ProviderId } from "../../core/invocation.ts";
import { environmentText } from "../../deploy/declared-environment.ts";
import { deployFunction, invokeDeployment, type Deployer } from "../../deploy/deploy-function.ts";
import type { Deployment } from "../../deploy/provider.ts";
import { mayBeStale } from "../../deploy/staleness.ts";
import { EXIT, wrongUsage, type Command, type CommandInput } from "../command.ts";
import type { CliContext } from "../context.ts";
import { findDeployed } from "../deployed.ts";
import { chooseTarget, targetHelp, targetOption } from "../target.ts";

export const invoke: Command = {
  name: "invoke",
  summary: "Invoke a deployed function; deploys it first when needed",
  usage: "<file>#<function> [--target T] [--args '[…]' | --event '{…}' | --event @file] [--qualifier Q] [--json]",
  help: [
    "A function that is not deployed, or whose sources have changed since, is deployed first (stderr says so).",
    "The result goes to stdout; the function's output goes to stderr. Exit status 1: the function itself failed.",
    "",
    "  --args JSON   the arguments, as a JSON array (default [])",
    "  --event JSON  an event as a trigger would send it, instead of arguments",
    "                @file instead of JSON reads it from a file",
    "  --qualifier Q a published version, or an alias such as live, instead of what was deployed last: nothing is deployed",
    ...targetHelp,
  ].join("\n"),
  options: { ...targetOption, args: { type: "string" }, event: { type: "string" }, qualifier: { type: "string" } },
  run: async (input, context) => {
    const [text, ...more] = input.positionals;
    if (text === undefined || more.length > 0) throw wrongUsage(invoke, "Name one function");
    const sent = await readInput(input, context.cwd);
    const ref = context.resolveRef(text);
    const deployer = await context.deployer();
    const target = await chooseTarget(invoke, input, deployer);
    const deploy = async (why: string): Promise<Deployment> => {
      const { deployment, unchanged, durationMs, environment } = await deployFunction(
        deployer,
        ref,
        { target, report: (step) => context.note(`${step} …`) },
        context.signal,
      );
      if (unchanged || input.json) return deployment;
      context.note(`Deployed ${context.idOf(ref)}, which ${why} (${Math.round(durationMs)} ms).`);
      const variables = environmentText(environment);
      if (variables !== undefined) context.note(`Its environment: ${variables}.`);
      return deployment;
    };
    const qualifier = input.text("qualifier");
    if (qualifier !== undefined) return invokeQualified(input, context, { text, target, sent: { ...sent, qualifier } });
    const deployment = (await upToDate(deployer, ref, deploy, target)) ?? (await deploy("was not deployed"));
    return show(input, context, await invokeOrRedeploy(context, deployer, { deployment, sent, deploy }));
  },
};

function show(input: CommandInput, context: CliContext, result: InvocationResult): number {
  if (input.json) context.print(JSON.stringify(describe(result)));
  else printForPeople(context, result);
  return result.error ? EXIT.functionFailed : EXIT.done;
}

async function invokeQualified(
  input: CommandInput,
  context: CliContext,
  { text, target, sent }: { readonly text: string; readonly target: ProviderId; readonly sent: InvocationInput },
): Promise<number> {
  const deployment = await findDeployed(context, text, target);
  return show(input, context, await invokeDeployment(await context.deployer(), deployment, sent, context.signal));
}

type Deploy = (why: string) => Promise<Deployment>;

async function upToDate(
  { store, provider }: Deployer,
  ref: FunctionRef,
  deploy: Deploy,
  target: Deployment["target"],
): Promise<Deployment | undefined> {
  const deployment = await store.find(ref, target, await (await provider(target)).place?.());
  if (!deployment || !(await mayBeStale(deployment))) return deployment;
  return deploy("has changed since it was deployed");
}

/** Noted down as deployed but gone from the target: nothing has run, so deploying and invoking again is safe. */
async function invokeOrRedeploy(
  { signal }: CliContext,
  deployer: Deployer,
  {
    deployment,
    sent,
    deploy,
  }: { readonly deployment: Deployment; readonly sent: InvocationInput; readonly deploy: Deploy },
): Promise<InvocationResult> {
  try {
    return await invokeDeployment(deployer, deployment, sent, signal);
  } catch (error) {
    if (!(error instanceof FaasifyError) || error.code !== "function-not-deployed") throw error;
    return invokeDeployment(deployer, await deploy("was no longer on its target"), sent, signal);
  }
}

async function readInput(input: CommandInput, cwd: string): Promise<InvocationInput> {
  const args = input.text("args");
  const event = input.text("event");
  if (args !== undefined && event !== undefined) throw wrongUsage(invoke, "Give --args or --event, not both");
  if (event !== undefined) return { kind: "event", event: await readJson("--event", event, cwd) };
  const value = args === undefined ? [] : await readJson("--args", args, cwd);
  if (Array.isArray(value)) return { kind: "arguments", arguments: value };
  throw new FaasifyError("bad-arguments", `--args is not a JSON array: ${args ?? ""}`, {
    remedy: `Put the arguments into brackets, for example --args '["a", 1]'`,
  });
}

async function readJson(option: string, text: string, cwd: string): Promise<unknown> {
  const json = text.startsWith("@") ? await readInputFile(path.resolve(cwd, text.slice(1))) : text;
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new FaasifyError("bad-arguments", `${option} is not JSON: ${(cause as Error).message}`, {
      remedy: "Give JSON, in single quotes for the shell",
      cause,
    });
  }
}

async function readInputFile(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new FaasifyError("file-not-found", `${file} cannot be read`, { remedy: "Correct the path behind @", cause });
  }
}

/** A result that plain JSON would change is given as it travelled. */
function describe(invoked: InvocationResult) {
  const { result, error, notPlain, durationMs, totalMs, coldStart, log, requestId, version } = invoked;
  return {
    ...(error ? { error } : { result: notPlain ? notPlain.encoded : result }),
    durationMs,
    totalMs,
    coldStart,
    log,
    requestId,
    ...(version !== undefined && { version }),
  };
}

/** The platform's own lines; a failure is shown from the answer, with the places in the user's sources. */
const PLATFORM_LINE = /^(?:START|END|REPORT) RequestId: |\tERROR\tInvoke Error\b/;

function printForPeople(
  context: CliContext,
  { result, error, notPlain, durationMs, totalMs, coldStart, log }: InvocationResult,
): void {
  for (const line of log) if (!PLATFORM_LINE.test(line)) context.note(line);
  if (error) context.note(error.stack.length > 0 ? error.stack.join("\n") : `${error.name}: ${error.message}`);
  else context.print(notPlain?.text ?? JSON.stringify(result, null, 2));
  context.note(
    `${durationMs.toFixed(1)} ms${coldStart ? ", cold start" : ""} (${totalMs.toFixed(1)} ms with the way there and back)`,
  );
}
