/** What each command does: glue between the editor, the actions and the views. */
import * as vscode from "vscode";
import { FaasifyError } from "../core/errors.ts";
import { canMove, type FunctionModel } from "../core/function-model.ts";
import type { FunctionRef } from "../core/function-ref.ts";
import type { LogEvent } from "../deploy/provider.ts";
import type { CommandHandlers, CommandId } from "./commands.ts";
import { deploymentIn, functionOf } from "./commands.ts";
import { functionNotFound, staysLocal } from "./debug-configurations.ts";
import {
  debugFunction,
  deployFunction,
  hotDeployCurrentFile,
  invokeFunction,
  removeFunction,
  type ActionSources,
} from "./function-actions.ts";
import type { FunctionsView } from "./functions-view.ts";
import { nothingDeployed } from "./pick-function.ts";
import type { PlatformWatch } from "./platform-watch.ts";
import { withProgress } from "./progress.ts";
import { promoteCanary, rollbackFunction, startCanary } from "./release-actions.ts";
import { requireTrust } from "./trust.ts";
import { extractSelection } from "./extract-selection.ts";
import type { PreviewView } from "./preview-view.ts";
import type { Previews } from "./unit-preview.ts";
import { verifyFunction, type VerifySources } from "./verify-function.ts";
import type { VirtualDocuments } from "./virtual-documents.ts";

const { l10n } = vscode;

export interface HandlerSources extends ActionSources, VerifySources {
  readonly platform: PlatformWatch;
  readonly documents: VirtualDocuments;
  readonly previews: Previews;
  readonly previewView: PreviewView;
  /** Made once the view exists. */
  readonly view: FunctionsView;
}

export function createHandlers(sources: HandlerSources): CommandHandlers {
  return {
    "faasify.faasifyFunction": (target) => preview(sources, target),
    "faasify.faasifySelection": (name) => faasifySelection(sources, textOf(name)),
    "faasify.acceptPreview": () => acceptPreview(sources),
    "faasify.discardPreview": () => sources.previews.close(),
    "faasify.verifyFunction": (target) => verifyFunction(sources, target),
    "faasify.deployFunction": (target) => deployFunction(sources, target),
    "faasify.invokeFunction": (target, input) => invokeFunction(sources, target, textOf(input)),
    "faasify.debugFunction": (target, input) => debugFunction(sources, target, textOf(input)),
    "faasify.hotDeployCurrentFile": () => hotDeployCurrentFile(sources),
    "faasify.removeFunction": (target) => removeFunction(sources, target),
    "faasify.startCanary": (target, schedule) =>
      startCanary(sources, target, { changed: () => sources.view.refresh(), given: textOf(schedule) }),
    "faasify.promoteCanary": (target) => promoteCanary(sources, target, () => sources.view.refresh()),
    "faasify.rollbackFunction": (target) => rollbackFunction(sources, target, () => sources.view.refresh()),
    "faasify.showLog": (target) => showLog(sources, target),
    "faasify.showReasons": (target) => showReasons(sources, target),
    "faasify.revealFunction": async (target) =>
      sources.view.reveal(await sources.picker.pickDeployed(target, l10n.t("Which function shall be shown?"))),
    "faasify.openSource": async (target) =>
      openSource(sources, await sources.picker.pickDeployed(target, l10n.t("Which function shall be opened?"))),
    "faasify.startPlatform": () => startPlatform(sources),
    "faasify.stopPlatform": () => stopPlatform(sources),
    "faasify.showOutput": async () => sources.log.show(),
    "faasify.showMenu": () => showMenu(sources),
    "faasify.refresh": async () => {
      await Promise.all([sources.states.reload(), sources.platform.refresh()]);
    },
  };
}

/** The tree passes its selection as the second argument: that is no input. */
const textOf = (input: unknown): string | undefined => (typeof input === "string" ? input : undefined);

async function preview(sources: HandlerSources, target: unknown): Promise<void> {
  const { picker, server, previews, previewView } = sources;
  const ref = await picker.pick(target, l10n.t("Which function shall be shown?"));
  const model = await picker.modelOf(ref);
  if (!model) throw functionNotFound(ref);
  if (!canMove(model.verdict)) throw staysLocal(model);
  await previews.show(model, await server.extract(ref));
  await previewView.reveal();
}

/** The preview's own function, or nothing: its editors may be gone already. */
async function acceptPreview(sources: HandlerSources): Promise<void> {
  const ref = sources.previews.current?.ref;
  if (!ref) throw noPreview();
  await deployFunction(sources, ref);
  await sources.previews.close();
}

/** Deep FaaSification: the selected statements become a function, and that is shown as any other. */
async function faasifySelection(sources: HandlerSources, name: string | undefined): Promise<void> {
  const ref = await extractSelection(sources.server, name);
  await preview(sources, ref);
}

function noPreview(): FaasifyError {
  return new FaasifyError("function-not-found", l10n.t("No preview is open"), {
    remedy: l10n.t("Click FaaSify above a function first"),
  });
}

async function showLog({ picker, states, backend, documents }: HandlerSources, target: unknown): Promise<void> {
  const ref = await picker.pickDeployed(target, l10n.t("Whose log shall be shown?"));
  const deployment = deploymentIn(target) ?? states.deploymentOf(ref);
  if (!deployment) throw nothingDeployed();
  const events = await withProgress(l10n.t("Reading the log of {0}", ref.name), (signal) =>
    backend.logs(deployment, signal),
  );
  const text =
    events.length > 0 ? events.map(formatEvent).join("\n") : l10n.t("{0} has not been invoked yet.", ref.name);
  const uri = documents.set(`/${ref.name}.log`, deployment.name, `${text}\n`);
  await vscode.window.showTextDocument(uri, { preview: true });
}

const formatEvent = ({ timestampMs, message }: LogEvent): string =>
  `${new Date(timestampMs).toISOString()}  ${message.trimEnd()}`;

/** All reasons of a function that stays, or what speaks against moving it; choosing one goes to its line. */
async function showReasons({ picker }: HandlerSources, target: unknown): Promise<void> {
  const ref = functionOf(target) ?? (await stayingFunction());
  const model = await picker.modelOf(ref);
  if (!model) throw functionNotFound(ref);
  const items = model.reasons.map(({ message, line }) => ({
    label: message,
    description: l10n.t("line {0}", line),
    line,
  }));
  const title = canMove(model.verdict)
    ? l10n.t("What to know before {0} moves", model.name)
    : l10n.t("Why {0} stays local", model.name);
  const chosen = await vscode.window.showQuickPick(items, {
    title,
    placeHolder: l10n.t("Choose a reason to go to its line"),
  });
  if (chosen) await openAt(ref.file, chosen.line - 1);

  async function stayingFunction(): Promise<FunctionModel> {
    const found = await picker.staying();
    const chosenItem = await vscode.window.showQuickPick(
      found.map((one) => ({ label: one.name, description: one.reasons[0]?.message ?? "", model: one })),
      { placeHolder: l10n.t("Why does which function stay?") },
    );
    if (!chosenItem) throw new vscode.CancellationError();
    return chosenItem.model;
  }
}

async function openSource({ picker }: HandlerSources, ref: FunctionRef): Promise<void> {
  try {
    const model = await picker.modelOf(ref);
    await openAt(ref.file, model?.nameRange.start.line0 ?? 0);
  } catch (cause) {
    if (cause instanceof FaasifyError) throw cause;
    throw new FaasifyError("file-not-found", l10n.t("{0} cannot be opened", ref.file), {
      remedy: l10n.t("Remove the function if its file is gone for good"),
      cause,
    });
  }
}

async function openAt(file: string, line0: number): Promise<void> {
  const place = new vscode.Range(line0, 0, line0, 0);
  await vscode.window.showTextDocument(vscode.Uri.file(file), { selection: place });
}

async function startPlatform({ backend, platform }: HandlerSources): Promise<void> {
  requireTrust();
  const { endpoint } = await withProgress(l10n.t("Starting the local platform"), (signal) =>
    backend.startPlatform(signal),
  );
  await platform.refresh();
  vscode.window.setStatusBarMessage(`$(vm-running) ${l10n.t("The local platform runs at {0}", endpoint ?? "")}`, 8000);
}

async function stopPlatform({ backend, platform }: HandlerSources): Promise<void> {
  await withProgress(l10n.t("Stopping the local platform"), (signal) => backend.stopPlatform(signal));
  await platform.refresh();
  vscode.window.setStatusBarMessage(
    `$(vm-outline) ${l10n.t("The local platform is stopped; its functions are kept")}`,
    8000,
  );
}

async function showMenu({ platform, states }: HandlerSources): Promise<void> {
  const item = (icon: string, label: string, command: CommandId, description = "") => ({
    label: `$(${icon}) ${label}`,
    description,
    command,
  });
  const items = [
    item("play", l10n.t("Invoke a function…"), "faasify.invokeFunction"),
    item("debug-alt", l10n.t("Debug a function…"), "faasify.debugFunction"),
    item("cloud-upload", l10n.t("Deploy a function…"), "faasify.deployFunction"),
    item("verified", l10n.t("Verify equivalence…"), "faasify.verifyFunction"),
    item("zap", l10n.t("Hot deploy current file"), "faasify.hotDeployCurrentFile"),
    ...(states.deployments.length > 0 ? [item("list-flat", l10n.t("Show a log…"), "faasify.showLog")] : []),
    platform.state.running
      ? item("debug-stop", l10n.t("Stop the local platform"), "faasify.stopPlatform", platform.state.endpoint)
      : item("vm-running", l10n.t("Start the local platform"), "faasify.startPlatform"),
    item("output", l10n.t("Show the output"), "faasify.showOutput"),
  ];
  const chosen = await vscode.window.showQuickPick(items, { title: "FaaSify" });
  if (chosen) await vscode.commands.executeCommand(chosen.command);
}
