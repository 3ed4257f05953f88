import { existsSync } from "node:fs";
import path from "node:path";
import { FaasifyError } from "../../core/errors.ts";
import { canMove } from "../../core/function-model.ts";
import type { FunctionRef } from "../../core/function-ref.ts";
import { deployFunction, type DeployOptions, type DeployResult } from "../../deploy/deploy-function.ts";
import { targetOption, toTarget } from "../target.ts";
import { EXIT, wrongUsage, type Command } from "../command.ts";
import type { CliContext } from "../context.ts";
import { watchDeployments } from "../watch-deployments.ts";

export const deploy: Command = {
  name: "deploy",
  summary: "Deploy functions; what is there already stays as it is",
  usage: "<file>[#<function>]... [--target T] [--debug] [--watch] [--json]",
  help: [
    "A file without a function stands for all its exported functions that can move.",
    "",
    "  --target T  where to: local (the default); without it a function's own `// @faasify target=…` counts",
    "  --debug     with the debug shim in the package; it sleeps until a debugger attaches",
    "  --watch     stay, and deploy again whenever a source changes; with --json one document per deployment",
  ].join("\n"),
  options: { ...targetOption, debug: { type: "boolean" }, watch: { type: "boolean" } },
  run: async (input, context) => {
    if (input.positionals.length === 0) throw wrongUsage(deploy, "Name at least one function or file");
    const target = toTarget(input);
    const debug = input.flag("debug");
    const deployer = await context.deployer();
    await deployer.provider(target);
    const optionsFor = async (ref: FunctionRef): Promise<DeployOptions> => {
      if (input.text("target") !== undefined) return { target, debug };
      const wished = (await deployer.directiveOf?.(ref, context.signal))?.target;
      return { target: wished === undefined ? target : (await deployer.provider(wished)).id, debug };
    };
    const found = await Promise.all(input.positionals.map((text) => refsOf(context, text)));
    const results: DeployResult[] = [];
    for (const ref of found.flat()) {
      const result = await deployFunction(deployer, ref, await optionsFor(ref), context.signal);
      results.push(result);
      if (!input.json) context.print(lineFor(context, result));
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
          else context.print(lineFor(context, result));
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

function describe(context: CliContext, { deployment, unchanged, durationMs }: DeployResult) {
  const { target, name, version, artifactBytes, id } = deployment;
  return {
    function: context.idOf(deployment.function),
    target,
    name,
    version,
    artifactBytes,
    durationMs,
    unchanged,
    id,
  };
}

function lineFor(context: CliContext, { deployment, unchanged, durationMs }: DeployResult): string {
  const { target, name, artifactBytes } = deployment;
  const what = unchanged ? "unchanged" : `${(artifactBytes / 1024).toFixed(1)} KiB`;
  return `${context.idOf(deployment.function)} → ${target}/${name} (${what}, ${Math.round(durationMs)} ms)`;
}
