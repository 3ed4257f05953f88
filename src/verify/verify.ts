/** Original against deployed, case by case. */
import type { Effect, FunctionModel } from "../core/function-model.ts";
import { errorCodes, FaasifyError } from "../core/errors.ts";
import { firstDifference, foreseenFailure, type Difference } from "./compare.ts";
import type { Observation } from "./observation.ts";

export interface VerifiedCase {
  /** From 1. */
  readonly number: number;
  readonly input: string;
  readonly outcome: "equal" | "different" | "nondeterministic";
  /** How both sides ended: `returned` or `threw`, of the original. */
  readonly ended: Observation["outcome"];
  readonly difference?: Difference;
  /** Why a difference proves nothing. */
  readonly because?: string;
}

export interface Verification {
  readonly cases: readonly VerifiedCase[];
  readonly equal: number;
  readonly different: number;
  readonly nondeterministic: number;
}

export interface Sides {
  /** Each call is a fresh process. */
  original(): Promise<readonly Observation[]>;
  deployed(): Promise<readonly Observation[]>;
}

/** Effects that give another result at each call, and what a person would say of them. */
const reasons: Readonly<Partial<Record<Effect, string>>> = {
  time: "it reads the clock",
  random: "it uses random numbers",
  process: "it asks about its process or machine",
  network: "it uses the network",
};

/**
 * Runs both sides and compares. Where they differ, the original runs once more: a difference that it also has to
 * itself, or that its effects explain, is nobody's fault.
 *
 * @throws FaasifyError when the function could not be deployed or reached at all
 */
export async function verify(model: Pick<FunctionModel, "effects">, sides: Sides): Promise<Verification> {
  const original = await sides.original();
  const deployed = await sides.deployed();
  throwIfNeverCalled(deployed);
  const differences = original.map((one, index) => differenceAt(one, deployed[index]));
  const again = differences.some((difference) => difference !== undefined) ? await sides.original() : original;
  const cases = original.map((one, index) =>
    judge(model, { number: index + 1, one, again: again[index], difference: differences[index] }),
  );
  const count = (outcome: VerifiedCase["outcome"]): number => cases.filter((one) => one.outcome === outcome).length;
  return { cases, equal: count("equal"), different: count("different"), nondeterministic: count("nondeterministic") };
}

/** No case reached the function, all for the same reason. A value that does not travel is a finding, not that. */
function throwIfNeverCalled(deployed: readonly Observation[]): void {
  const failures = deployed.map(foreseenFailure);
  const [first] = failures;
  const code = errorCodes.find((known) => known === first?.["code"]);
  if (!first || code === undefined || code === "value-not-portable") return;
  if (!failures.every((failure) => failure?.["code"] === code)) return;
  throw new FaasifyError(code, first["message"] ?? "The function could not be called", {
    remedy: first["remedy"] ?? "See the platform's log",
  });
}

function differenceAt(original: Observation, deployed: Observation | undefined): Difference | undefined {
  if (deployed) return firstDifference(original, deployed);
  return { path: "outcome", original: original.outcome, deployed: "was not called" };
}

interface Judged {
  readonly number: number;
  readonly one: Observation;
  readonly again: Observation | undefined;
  readonly difference: Difference | undefined;
}

function judge({ effects }: Pick<FunctionModel, "effects">, { number, one, again, difference }: Judged): VerifiedCase {
  const seen = { number, input: one.input, ended: one.outcome };
  if (!difference) return { ...seen, outcome: "equal" };
  const toItself = again && firstDifference(one, again);
  if (toItself) {
    const because = `two runs of the original differ too (${toItself.path}: ${toItself.deployed} ≠ ${toItself.original})`;
    return { ...seen, outcome: "nondeterministic", difference, because };
  }
  const because = effects.map((effect) => reasons[effect]).find((reason) => reason !== undefined);
  if (because === undefined) return { ...seen, outcome: "different", difference };
  return { ...seen, outcome: "nondeterministic", difference, because };
}
