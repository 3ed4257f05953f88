/** Canaries and rollback as commands. Throws; shows only successes. */
import * as vscode from "vscode";
import type { CanaryPlan } from "../core/canary/canary.ts";
import { namedSchedules, oneStep, shortName, type CanarySchedule } from "../core/canary/schedule.ts";
import type { Deployment } from "../deploy/provider.ts";
import { saveSources, type ActionSources } from "./function-actions.ts";
import { nothingDeployed } from "./pick-function.ts";
import { withProgress } from "./progress.ts";
import { announce } from "./show-result.ts";
import { requireTrust } from "./trust.ts";

const { l10n } = vscode;

/** What the view shows is not what it was. */
type Changed = () => void;

/** Publishes what the sources are now, and gives it some of the traffic. `given` spares the question for a schedule. */
export async function startCanary(
  sources: ActionSources,
  target: unknown,
  { changed, given }: { readonly changed: Changed; readonly given: string | undefined },
): Promise<void> {
  requireTrust();
  const deployment = await deploymentOf(sources, target, l10n.t("Of which function shall a canary be started?"));
  const schedule = namedSchedules.find((each) => shortName(each) === given) ?? (await askSchedule());
  const plan: CanaryPlan = { schedule, gated: true, onInterrupted: "continue" };
  const { name } = deployment.function;
  await saveSources(sources, deployment.function);
  const summary = await sources.states.during(deployment.function, "deploying", () =>
    withProgress(l10n.t("Starting a canary of {0}", name), (signal) =>
      sources.backend.startCanary(deployment, plan, signal),
    ),
  );
  await sources.states.reload();
  changed();
  const { version, weight = 0 } = summary.canary;
  announce(
    `$(beaker) ${l10n.t("{0}: version {1} has {2} % of {3}", name, version, Math.round(weight * 100), summary.alias)}`,
  );
}

export async function promoteCanary(sources: ActionSources, target: unknown, changed: Changed): Promise<void> {
  requireTrust();
  const deployment = await deploymentOf(sources, target, l10n.t("Whose canary shall be promoted?"));
  const { name } = deployment.function;
  const { canary, alias } = await withProgress(l10n.t("Promoting the canary of {0}", name), (signal) =>
    sources.backend.promoteCanary(deployment, signal),
  );
  changed();
  announce(`$(rocket) ${l10n.t("{0}: version {1} has all of {2}", name, canary.version, alias)}`);
}

/** Ends a canary, or moves the alias to the version before. */
export async function rollbackFunction(sources: ActionSources, target: unknown, changed: Changed): Promise<void> {
  requireTrust();
  const deployment = await deploymentOf(sources, target, l10n.t("Which function shall be rolled back?"));
  const { name } = deployment.function;
  const { alias, to } = await withProgress(l10n.t("Rolling back {0}", name), (signal) =>
    sources.backend.rollBack(deployment, signal),
  );
  changed();
  announce(`$(discard) ${l10n.t("{0}: {1} is back at version {2}", name, alias, to)}`);
}

async function deploymentOf({ picker, states }: ActionSources, target: unknown, question: string): Promise<Deployment> {
  const deployment = states.deploymentOf(await picker.pickDeployed(target, question));
  if (!deployment) throw nothingDeployed();
  return deployment;
}

const MINUTE_MS = 60_000;

async function askSchedule(): Promise<CanarySchedule> {
  const quick = [oneStep(10, MINUTE_MS), oneStep(50, MINUTE_MS)];
  const items = [
    ...namedSchedules.map((schedule) => ({ label: shortName(schedule), schedule })),
    { label: "", kind: vscode.QuickPickItemKind.Separator, schedule: undefined },
    ...quick.map((schedule) => ({ label: schedule.name, schedule })),
  ];
  const chosen = await vscode.window.showQuickPick(items, {
    title: l10n.t("Start a canary"),
    placeHolder: l10n.t("How shall traffic move to the new version?"),
  });
  if (!chosen?.schedule) throw new vscode.CancellationError();
  return chosen.schedule;
}
