/** Wires the extension. Nothing heavy is loaded here: the language server, the deployer and the debug adapter load at first use. */
import path from "node:path";
import * as vscode from "vscode";
import type { FunctionRef } from "./core/function-ref.ts";
import { dataFolder } from "./deploy/data-folder.ts";
import { createAnalyses } from "./ui/analyses.ts";
import { createBackend } from "./ui/backend-local.ts";
import { createHandlers } from "./ui/command-handlers.ts";
import { registerCommands } from "./ui/commands.ts";
import { createAdapterFactory } from "./ui/debug-adapter-factory.ts";
import {
  createConfigurationProvider,
  createDynamicConfigurations,
  type ConfigurationSources,
} from "./ui/debug-configurations.ts";
import { createDebugSessions, DEBUG_TYPE } from "./ui/debug-sessions.ts";
import { createFunctionStates, type FunctionStates } from "./ui/function-states.ts";
import { createFunctionsView } from "./ui/functions-view.ts";
import { createLanguageServer } from "./ui/language-server.ts";
import { createFunctionPicker } from "./ui/pick-function.ts";
import { createPlatformWatch, type PlatformWatch } from "./ui/platform-watch.ts";
import { registerLenses } from "./ui/register-lenses.ts";
import { createDeployOnSave } from "./ui/deploy-on-save.ts";
import { createErrorReporter } from "./ui/report-error.ts";
import { createPreviewView } from "./ui/preview-view.ts";
import { readSettings } from "./ui/settings.ts";
import { createStatusBar } from "./ui/status-bar.ts";
import { createPreviews } from "./ui/unit-preview.ts";
import { createVirtualDocuments } from "./ui/virtual-documents.ts";

const settleMs = 20;

/** Returns before the language server runs: that starts in the background. */
export function activate(context: vscode.ExtensionContext): void {
  const folders = dataFolder();
  const bundle = (name: string): string => path.join(context.extensionPath, "dist", name);
  const log = vscode.window.createOutputChannel("FaaSify", { log: true });
  const report = createErrorReporter(log);
  const logOnly = (error: unknown): void => log.warn(String(error));
  const server = createLanguageServer({
    clientModule: bundle("language-client.cjs"),
    module: bundle("server.cjs"),
    artifactFolder: folders.artifacts,
    log,
  });
  const backend = createBackend({ server, folders, dist: bundle(""), log });
  const analyses = createAnalyses(server);
  const read = () => backend.deployments();
  const states = createFunctionStates({ read, targetOf, deploymentsFolder: folders.deployments, report: logOnly });
  const platform = createPlatformWatch(backend, folders.platform, logOnly);
  const picker = createFunctionPicker(analyses, states);
  const sessions = createDebugSessions();
  const documents = createVirtualDocuments();
  const view = createFunctionsView({ states, platform, backend });
  const previews = createPreviews(documents);
  const previewView = createPreviewView(previews);
  const memory = context.workspaceState;
  const handlers = createHandlers({
    backend,
    server,
    states,
    picker,
    sessions,
    memory,
    log,
    platform,
    documents,
    previews,
    previewView,
    view,
    cli: bundle("cli.cjs"),
  });
  const createFactory = () => createAdapterFactory(bundle("debug-adapter.cjs"), () => backend.debugTarget());
  const restoreLeftovers = (): void => void backend.restoreLeftovers(AbortSignal.timeout(60_000)).catch(logOnly);
  const parts = [log, server, analyses, states, platform, sessions, documents, previews, previewView, view];
  context.subscriptions.push(
    ...parts,
    createStatusBar(states, platform),
    createDeployOnSave({ backend, server, states, sessions, log }),
    refreshPlatformAfterWork(states, platform, logOnly),
    registerCommands(handlers, report),
    registerLenses({ analyses, states, sessions, logOnly }),
    vscode.workspace.onDidGrantWorkspaceTrust(restoreLeftovers),
    registerDebugger({ picker, analyses, target: () => readSettings().target, report }, createFactory),
  );
  // The editor notes the end of activation a few turns of the event loop later: what blocks must not come in between.
  setTimeout(() => {
    server.start();
    void states.reload().catch(logOnly);
    void platform.refresh().catch(logOnly);
    if (vscode.workspace.isTrusted) restoreLeftovers();
  }, settleMs);
}

/** Where the settings say that a function is deployed to. */
function targetOf({ file }: FunctionRef): string {
  return readSettings(vscode.Uri.file(file)).target;
}

function registerDebugger(
  sources: ConfigurationSources,
  createFactory: () => vscode.DebugAdapterDescriptorFactory,
): vscode.Disposable {
  const { Dynamic } = vscode.DebugConfigurationProviderTriggerKind;
  return vscode.Disposable.from(
    vscode.debug.registerDebugConfigurationProvider(DEBUG_TYPE, createConfigurationProvider(sources)),
    vscode.debug.registerDebugConfigurationProvider(DEBUG_TYPE, createDynamicConfigurations(sources), Dynamic),
    vscode.debug.registerDebugAdapterDescriptorFactory(DEBUG_TYPE, createFactory()),
  );
}

/** Deploying and invoking start a platform: its file may be noticed late, so ask when they are done. */
function refreshPlatformAfterWork(
  states: FunctionStates,
  platform: PlatformWatch,
  report: (error: unknown) => void,
): vscode.Disposable {
  return states.onDidChange(() => {
    if (!states.busy) void platform.refresh().catch(report);
  });
}
