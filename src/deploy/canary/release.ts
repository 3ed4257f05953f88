/** From what is in the editor to a canary, and back to the version before. */
import type { CanaryPlan, CanaryState } from "../../core/canary/canary.ts";
import { FaasifyError } from "../../core/errors.ts";
import { deployFunction, type Deployer } from "../deploy-function.ts";
import { versionConflict, versionNotFound } from "../lambda/version-failures.ts";
import type { DeployedAlias, Deployment, FaasProvider, FunctionCanaries, FunctionVersions } from "../provider.ts";

/** What callers invoke instead of the function itself, unless the user names another one. */
export const DEFAULT_ALIAS = "live";

export interface ReleaseOptions {
  readonly alias: string;
  readonly plan: CanaryPlan;
}

/** What a provider must have for canaries. */
interface Releases {
  readonly versions: FunctionVersions;
  readonly canaries: FunctionCanaries;
}

/**
 * Publishes what the sources are now, and starts a canary of it. The first time the alias is made, at what was deployed
 * until now.
 *
 * @throws FaasifyError `canary-running`, `version-conflict` when nothing has changed, …
 */
export async function releaseCanary(
  deployer: Deployer,
  before: Deployment,
  { alias, plan }: ReleaseOptions,
  signal: AbortSignal,
): Promise<CanaryState> {
  const { name, target, place } = before;
  const { versions, canaries } = releasesOf(await deployer.provider(target, place));
  const current = await canaries.find(name, signal);
  if (current && !current.outcome) {
    throw new FaasifyError("canary-running", `A canary of ${name} runs already`, {
      remedy: "Promote it or roll it back first",
    });
  }
  const stable = (await versions.alias(name, alias, signal)) ?? (await firstRelease(versions, { name, alias }, signal));
  const { artifact } = await deployFunction(deployer, before.function, { target, ...(place && { place }) }, signal);
  const published = await versions.publish(name, { sha256: artifact.sha256 }, signal);
  if (published.version === stable.version) {
    throw new FaasifyError(
      "version-conflict",
      `Nothing of ${name} has changed since version ${stable.version}, which ${alias} is at`,
      { remedy: "Change the function first" },
    );
  }
  return canaries.start(name, { ...plan, alias, canary: published.version }, signal);
}

async function firstRelease(
  versions: FunctionVersions,
  { name, alias }: { readonly name: string; readonly alias: string },
  signal: AbortSignal,
): Promise<DeployedAlias> {
  const { version } = await versions.publish(name, {}, signal);
  return versions.setAlias(name, { name: alias, version }, { revision: "new" }, signal);
}

export interface Rollback {
  readonly alias: string;
  readonly from: string;
  readonly to: string;
}

/**
 * Ends a canary that runs, or moves the alias to the version before: that which the last canary replaced, or else the
 * one published before.
 *
 * @param options.to - another version
 * @throws FaasifyError `version-not-found` when there is nothing to go back to
 */
export async function rollBack(
  provider: FaasProvider,
  { name }: Pick<Deployment, "name">,
  options: { readonly alias: string; readonly to?: string },
  signal: AbortSignal,
): Promise<Rollback> {
  const { versions, canaries } = releasesOf(provider);
  const { alias } = options;
  const canary = await canaries.find(name, signal);
  if (canary && isRunning(canary, options)) {
    await endCanary(provider, name, "rollback", signal);
    return { alias, from: canary.canary, to: canary.stable };
  }
  const now = await versions.alias(name, alias, signal);
  if (!now) throw versionNotFound(name, alias);
  const replaced = replacedBy(canary, now);
  const to = options.to ?? (await versionBefore(versions, { name, version: now.version, replaced }, signal));
  await versions.setAlias(name, { name: alias, version: to }, { revision: now.revision }, signal);
  return { alias, from: now.version, to };
}

function isRunning(
  { outcome, alias, stable }: CanaryState,
  wanted: { readonly alias: string; readonly to?: string },
): boolean {
  return !outcome && alias === wanted.alias && (wanted.to ?? stable) === stable;
}

function replacedBy(canary: CanaryState | undefined, { version }: DeployedAlias): string | undefined {
  return canary?.outcome?.kind === "promoted" && canary.canary === version ? canary.stable : undefined;
}

/**
 * Ends the canary that runs, before its time.
 *
 * @throws FaasifyError `canary-not-running`, `version-conflict` when somebody has moved the alias
 */
export async function endCanary(
  provider: FaasProvider,
  name: string,
  how: "promote" | "rollback",
  signal: AbortSignal,
): Promise<CanaryState> {
  const { canaries } = releasesOf(provider);
  const state = await canaries.end(name, how, signal);
  if (state.outcome?.kind !== "superseded") return state;
  throw versionConflict(`The alias ${state.alias} of ${name} was changed by somebody else meanwhile, and stays so`);
}

interface Predecessor {
  readonly name: string;
  readonly version: string;
  readonly replaced: string | undefined;
}

async function versionBefore(
  versions: FunctionVersions,
  { name, version, replaced }: Predecessor,
  signal: AbortSignal,
): Promise<string> {
  const all = await versions.list(name, signal);
  const numbers = all.map((each) => each.version);
  if (replaced !== undefined && numbers.includes(replaced)) return replaced;
  const before = numbers.filter((each) => Number(each) < Number(version)).at(-1);
  if (before !== undefined) return before;
  throw new FaasifyError("version-not-found", `${name} has no version before ${version}`, {
    remedy: "Name one with --to, or deploy the sources of before",
  });
}

/** @throws FaasifyError `wrong-usage` */
export function releasesOf({ versions, canaries, traits }: FaasProvider): Releases {
  if (versions && canaries) return { versions, canaries };
  throw new FaasifyError("wrong-usage", `${traits.label} has no canaries`, { remedy: "Use another target" });
}
