import { existsSync } from "node:fs";
import path from "node:path";
import { FaasifyError } from "../../core/errors.ts";
import { canMove } from "../../core/function-model.ts";
import type { FunctionRef } from "../../core/function-ref.ts";
import { environmentText } from "../../deploy/declared-environment.ts";
import { deployFunction, type Deployer, type DeployOptions, type DeployResult } from "../../deploy/deploy-function.ts";
import { targetText } from "../../deploy/target-text.ts";
import { chooseTarget, targetHelp, targetOption } from "../target.ts";
import { EXIT, wrongUsage, type Command, type CommandInput } from "../command.ts";
import type { CliContext } from "../context.ts";
import { platformSettingHelp, platformSettingOptions, readPlatformSettings } from "../platform-settings.ts";
import { watchDeployments } from "../watch-deployments.ts";

export const deploy: Command = {
  name: "deploy",
  summary: "Deploy functions; what is there already stays as it is",
  usage:
    "<file>[#<function>]... [--target T …] [--env NAME[=VALUE]]... [--arch A] [--url WHO] [--debug] [--watch] [--json]",
  help: [
    "A file without a function stands for all its exported functions that can move.",
    "",
    ...targetHelp,
    "              Without --target a function's own `// @faasify target=…` counts",
    "  --role ARN, --code-bucket B",
    "              for aws: the role to run with, instead of one that may only write its log, and the S3 bucket through",
    "              which packages over 50 MB go",
    ...platformSettingHelp,
    "  --env NAME  give the function an environment variable: as it is set here, or NAME=VALUE; may be given several times.",
    "              Those that it reads by constant names are taken from here by themselves, unless they may be secret",
    "  --debug     with the debug shim in the package; it sleeps until a debugger attaches",
    "  --watch     stay, and deploy again whenever a source changes; with --json one document per deployment",
  ].join("\n"),
  options: {
    ...targetOption,
    ...platformSettingOptions,
    env: { type: "string", multiple: true },
    debug: { type: "boolean" },
    watch: { type: "boolean" },
  },
  run: async (input, context) => {
    if (input.positionals.length === 0) throw wrongUsage(deploy, "Name at least one function or file");
    const deployer = await context.deployer();
    const optionsFor = await readOptions(input, context, deployer);
    const found = await Promise.all(input.positionals.map((text) => refsOf(context, text)));
    const results: DeployResult[] = [];
    for (const ref of found.flat()) {
      const result = await deployFunction(deployer, ref, await optionsFor(ref), context.signal);
      results.push(result);
      if (!input.json) printResult(context, result);
    }
    if (input.json) context.print(JSON.stringify({ deployments: results.map((result) => describe(context, result)) }));
    if (!input.flag("watch")) return EXIT.done;
    if (!input.json) context.note("Watching the sources. Press Ctrl+C to end.");
    await watchDeployments(
      results.map(({ deployment }) => deployment),
      {
        signal: context.signal,
        deploy: async (ref) => deployFunction(deployer, ref, await optionsFor(ref), context.signal),
        onDeployed: (result) => {
          if (input.json) context.print(JSON.stringify({ deployments: [describe(context, result)] }));
          else printResult(context, result);
        },
        onFailed: (ref, error) => {
          if (!(error instanceof FaasifyError)) throw error;
          context.note(`error ${error.code}: ${error.message}. ${error.remedy}.`);
          context.note(`${context.idOf(ref)} stays as it was deployed last.`);
        },
      },
    );
    return EXIT.done;
  },
};

/** What is to be done with each function. */
async function readOptions(
  input: CommandInput,
  context: CliContext,
  deployer: Deployer,
): Promise<(ref: FunctionRef) => Promise<DeployOptions>> {
  const chosen = input.text("target") === undefined ? undefined : await chooseTarget(deploy, input, deployer);
  const options = {
    debug: input.flag("debug"),
    environment: readEnvironment(input),
    settings: readPlatformSettings(deploy, input),
    ...(input.json ? {} : { report: (step: string) => context.note(`${step} …`) }),
  };
  return async (ref) => {
    const wished = chosen ?? (await deployer.directiveOf?.(ref, context.signal))?.target;
    const target =
      wished === undefined ? await chooseTarget(deploy, input, deployer) : (await deployer.provider(wished)).id;
    return { target, ...options };
  };
}

/** `NAME` is taken from here, `NAME=VALUE` is what it says. */
function readEnvironment(input: CommandInput): Readonly<Record<string, string>> {
  const entries = input.texts("env").map((text): [string, string] => {
    const [name = "", ...rest] = text.split("=");
    const value = text.includes("=") ? rest.join("=") : process.env[name];
    if (name === "" || value === undefined) throw wrongUsage(deploy, `--env ${text}: ${name || "it"} is not set here`);
    return [name, value];
  });
  return Object.fromEntries(entries);
}

async function refsOf(context: CliContext, text: string): Promise<readonly FunctionRef[]> {
  const file = path.resolve(context.cwd, text);
  // A file's own name may have a # too.
  if (!existsSync(file)) {
    if (text.includes("#")) return [context.resolveRef(text)];
    throw new FaasifyError("file-not-found", `${text} does not exist`, { remedy: "Correct the path" });
  }
  const { analyzeFile } = await context.analysis();
  const { functions, problems } = analyzeFile(file);
  const refs = functions
    .filter(({ exported, verdict }) => exported && canMove(verdict))
    .map(({ name }) => ({ file, name }));
  if (refs.length > 0) return refs;
  const [problem] = problems;
  if (problem) {
    throw new FaasifyError("file-not-parsed", `${text}:${problem.line}: ${problem.message}`, {
      remedy: "Correct the file",
    });
  }
  throw new FaasifyError("function-not-found", `${text} exports no function that can move`, {
    remedy: `Run faasify analyze ${text} to see why`,
  });
}

function describe(context: CliContext, { deployment, unchanged, durationMs, artifact, environment }: DeployResult) {
  const { packages, assets } = artifact;
  const { target, place, name, version, artifactBytes, id } = deployment;
  return {
    function: context.idOf(deployment.function),
    target,
    ...place,
    name,
    version,
    artifactBytes,
    durationMs,
    unchanged,
    id,
    ...(packages && { packages }),
    ...(assets && { assets }),
    ...(Object.values(environment).some((names) => names.length > 0) && { environment }),
  };
}

function printResult(context: CliContext, result: DeployResult): void {
  context.print(lineFor(context, result));
  const { packages = [], assets = [] } = result.artifact;
  for (const { name, version, reason } of packages) {
    if (reason !== undefined) context.print(`    package ${name} ${version} is shipped as it is: it ${reason}`);
  }
  const others = packages.filter(({ reason }) => reason === undefined).map(({ name }) => name);
  if (others.length > 0) context.print(`    with what these need: ${others.join(", ")}`);
  if (assets.length > 0) context.print(`    files: ${assets.map((asset) => asset.replace("files/", "")).join(", ")}`);
  const variables = environmentText(result.environment);
  if (variables !== undefined) context.print(`    environment: ${variables}`);
}

function lineFor(context: CliContext, { deployment, unchanged, durationMs }: DeployResult): string {
  const { name, artifactBytes } = deployment;
  const what = unchanged ? "unchanged" : `${(artifactBytes / 1024).toFixed(1)} KiB`;
  return `${context.idOf(deployment.function)} → ${targetText(deployment)}/${name} (${what}, ${Math.round(durationMs)} ms)`;
}
