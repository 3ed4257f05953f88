import { mkdtemp, realpath, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { FaasifyError } from "../../core/errors.ts";
import type { FunctionModel } from "../../core/function-model.ts";
import type { FunctionRef } from "../../core/function-ref.ts";
import { removeDeployment } from "../../deploy/deploy-function.ts";
import { findNode } from "../../deploy/providers/local/node-executable.ts";
import type { CaseSource, PathAlias } from "../../verify/observation.ts";
import { runSide } from "../../verify/run-side.ts";
import type { ParameterShape } from "../../verify/shape.ts";
import { verify as compareSides, type Verification, type VerifiedCase } from "../../verify/verify.ts";
import { EXIT, numberOption, wrongUsage, type Command, type CommandInput } from "../command.ts";
import type { CliContext } from "../context.ts";
import { chooseTarget, targetNameOption } from "../target.ts";
import { decompose } from "./decompose.ts";

const defaultCases = 100;
/** The same at each run, so that a difference can be looked at again. */
const defaultSeed = 1;
/** A function without parameters gets the same call each time: more would tell nothing, fewer would hide state. */
const casesWithoutParameters = 3;
const patienceMs = 180_000;

export const verify: Command = {
  name: "verify",
  summary: "Prove that a function does deployed what it does here",
  usage: "<file>#<function> [--cases N] [--args '[…]']... [--seed N] [--target T] [--json]",
  help: [
    "Calls the function as it stands in its file and as it is deployed, with the same arguments, and compares value,",
    "error, output and what became of the arguments. Arguments are made from the parameters' types unless they are given.",
    "A function that reads the clock, random numbers or the network is said to be nondeterministic where it differs.",
    "What is deployed for the comparison is removed again. Exit status 1: a case differs.",
    "",
    `  --cases N    how many to make from the types (default ${defaultCases}, or none when --args is given)`,
    "  --args JSON  the arguments of one case, as a JSON array; may be given several times",
    `  --seed N     makes other cases (default ${defaultSeed})`,
    "  --target T   where: local (the default)",
  ].join("\n"),
  options: {
    ...targetNameOption,
    cases: { type: "string" },
    args: { type: "string", multiple: true },
    seed: { type: "string" },
  },
  run: async (input, context) => {
    const [text, ...more] = input.positionals;
    if (text === undefined || more.length > 0) throw wrongUsage(verify, "Name one function");
    const ref = context.resolveRef(text);
    const seed = numberOption(verify, input, "seed", { min: 0, max: 2 ** 31 - 1 }) ?? defaultSeed;
    const given = input.texts("args").map(readArguments);
    const { unitOf, parameterShapes, pathAliases } = await context.analysis();
    // Says better than anything later why a function cannot be deployed.
    const { function: model } = unitOf(ref);
    const parameters = parameterShapes(model);
    const sources = sourcesFor(input, { given, parameters, seed, model });
    const verification = await verifyIn(context, model, {
      sources,
      target: await chooseTarget(verify, input, await context.deployer()),
      paths: pathAliases(ref.file),
    });
    if (input.json) context.print(JSON.stringify(toJson(context, ref, verification, seed)));
    else printForPeople(context, ref, verification, seed);
    return verification.different > 0 ? EXIT.functionFailed : EXIT.done;
  },
};

function readArguments(text: string): readonly unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (Array.isArray(value)) return value;
  throw new FaasifyError("bad-arguments", `--args is not a JSON array: ${text}`, {
    remedy: `Put the arguments into brackets, for example --args '["a", 1]'`,
  });
}

interface Wanted {
  readonly given: readonly (readonly unknown[])[];
  readonly parameters: readonly ParameterShape[];
  readonly seed: number;
  readonly model: FunctionModel;
}

function sourcesFor(input: CommandInput, { given, parameters, seed, model }: Wanted): readonly CaseSource[] {
  const wished = numberOption(verify, input, "cases", { min: 0, max: 1_000_000 });
  const usual = given.length > 0 ? 0 : defaultCases;
  const count = Math.min(wished ?? usual, parameters.length === 0 ? casesWithoutParameters : Infinity);
  const [missing] = count === 0 ? [] : unmakeable(parameters);
  if (missing) {
    throw new FaasifyError(
      "not-verifiable",
      `No value can be made for the parameter \`${missing.name}\` of ${model.name} (${missing.what})`,
      { remedy: "Give the arguments: --args '[…]', also several times" },
    );
  }
  return [
    ...(given.length > 0 ? [{ kind: "given", cases: given } as const] : []),
    ...(count > 0 ? [{ kind: "generated", parameters, count, seed } as const] : []),
  ];
}

/** Parameters of which no value can be made. */
function unmakeable(
  parameters: readonly ParameterShape[],
): readonly { readonly name: string; readonly what: string }[] {
  return parameters.flatMap(({ name, shape, optional, rest }) =>
    shape.kind === "none" && !optional && !rest ? [{ name, what: shape.what }] : [],
  );
}

interface Plan {
  readonly sources: readonly CaseSource[];
  readonly target: string;
  readonly paths: readonly PathAlias[];
}

/** Decomposes the program around the function into a folder of its own, and takes everything back. */
async function verifyIn(
  context: CliContext,
  model: FunctionModel,
  { sources, target, paths }: Plan,
): Promise<Verification> {
  const { signal, folders, cwd } = context;
  const folder = await realpath(await mkdtemp(path.join(os.tmpdir(), "faasify-verify-")));
  try {
    const out = path.join(folder, "copy");
    const copied = await decomposeFor(context, model, { out, target });
    const node = await findNode(context.local.nodePath, signal);
    const options = {
      childBundle: path.join(path.dirname(context.local.platformBundle), "verify-child.cjs"),
      node: node.path,
      cwd,
      patienceMs,
      environment: { ...process.env, ...node.environment, FAASIFY_DATA: folders.root, FAASIFY_REMOTE_ONLY: "1" },
      signal,
    };
    const { file, name } = model;
    const base = file.slice(0, file.length - copied.length);
    const moved = paths.map(({ pattern, targets }) => ({
      pattern,
      targets: targets.map((one) => (one.startsWith(base) ? path.join(out, one.slice(base.length)) : one)),
    }));
    return await compareSides(model, {
      original: () => runSide("the original", { file, name, sources, paths }, options),
      deployed: () =>
        runSide("the deployed copy", { file: path.join(out, copied), name, sources, paths: moved }, options),
    });
  } finally {
    await removeTraces(context, folder);
  }
}

/**
 * Returns the place of the function's file in the copy.
 *
 * @throws FaasifyError `function-stays-local`
 */
async function decomposeFor(
  context: CliContext,
  { file, name }: FunctionModel,
  { out, target }: { readonly out: string; readonly target: string },
): Promise<string> {
  const lines: string[] = [];
  const functions = context.idOf({ file, name });
  const texts: Readonly<Record<string, string>> = { out, target };
  const input: CommandInput = {
    positionals: [file],
    json: true,
    text: (option) => texts[option],
    texts: (option) => (option === "functions" ? [functions] : []),
    flag: () => false,
  };
  await decompose.run(input, { ...context, print: (line) => lines.push(line) });
  const { entry, remote, local } = JSON.parse(lines.join("\n")) as {
    readonly entry: string;
    readonly remote: readonly string[];
    readonly local: readonly { readonly id: string; readonly reason: string }[];
  };
  if (remote.includes(functions)) return entry.split("/").join(path.sep);
  const reason = local.find(({ id }) => id === functions)?.reason ?? "it is not called from outside";
  throw new FaasifyError("not-verifiable", `${functions} cannot be called from where it is: ${reason}`, {
    remedy: "Verify a function that calls it",
  });
}

/** Also after a failure or Ctrl+C, so without the signal. */
async function removeTraces(context: CliContext, folder: string): Promise<void> {
  const deployer = await context.deployer();
  const made = (await deployer.store.list()).filter(({ function: ref }) => ref.file.startsWith(folder + path.sep));
  for (const deployment of made) await removeDeployment(deployer, deployment, AbortSignal.timeout(10_000));
  await rm(folder, { recursive: true, force: true });
}

function toJson(context: CliContext, ref: FunctionRef, verification: Verification, seed: number) {
  const { cases, equal, different, nondeterministic } = verification;
  const interesting = cases.filter(({ outcome }) => outcome !== "equal");
  return {
    function: context.idOf(ref),
    seed,
    cases: cases.length,
    equal,
    different,
    nondeterministic,
    threw: cases.filter(({ ended }) => ended === "threw").length,
    differences: interesting.map(({ number, input, outcome, difference, because }) => ({
      case: number,
      input,
      outcome,
      ...difference,
      ...(because !== undefined && { because }),
    })),
  };
}

/** More of them say nothing new. */
const shownCases = 10;

function printForPeople(context: CliContext, ref: FunctionRef, verification: Verification, seed: number): void {
  const { cases, equal, different, nondeterministic } = verification;
  const interesting = cases
    .filter(({ outcome }) => outcome !== "equal")
    .toSorted((a, b) => Number(b.outcome === "different") - Number(a.outcome === "different"));
  for (const one of interesting.slice(0, shownCases)) printCase(context, ref, one);
  if (interesting.length > shownCases) context.print(`… and ${interesting.length - shownCases} more`);
  const threw = cases.filter(({ ended }) => ended === "threw").length;
  const parts = [
    `${equal} of ${cases.length} cases equal${threw > 0 ? ` (${threw} of all throw)` : ""}`,
    ...(different > 0 ? [`${different} different`] : []),
    ...(nondeterministic > 0 ? [`${nondeterministic} nondeterministic`] : []),
    `seed ${seed}`,
  ];
  context.print(`${context.idOf(ref)}: ${parts.join(", ")}`);
}

function printCase(
  context: CliContext,
  { name }: FunctionRef,
  { number, input, outcome, difference, because }: VerifiedCase,
): void {
  context.print(`case ${number}  ${name}(${input})`);
  if (difference) context.print(`  ${difference.path}: ${difference.original} ≠ ${difference.deployed}`);
  if (outcome === "nondeterministic") context.print(`  nondeterministic: ${because ?? ""}`);
}
