/** The FaaSify view: targets → functions → what is known of each. */
import * as vscode from "vscode";
import { activityText, durationText, formatMs, type LastResult } from "../codelens/lenses.ts";
import { shorten } from "../codelens/shorten.ts";
import { describeError } from "../core/errors.ts";
import { formatFunctionRef, type FunctionRef } from "../core/function-ref.ts";
import type { Deployment, FunctionMetrics } from "../deploy/provider.ts";
import { targetText } from "../deploy/target-text.ts";
import { commandLink } from "./commands.ts";
import type { Backend, FunctionReleases } from "./backend.ts";
import type { FunctionStates } from "./function-states.ts";
import type { PlatformWatch } from "./platform-watch.ts";
import { canaryLines, versionItem, versionNodes, type VersionNode } from "./version-nodes.ts";

export const FUNCTIONS_VIEW = "faasify.functions";

interface TargetNode {
  readonly kind: "target";
  /** For people; tells targets apart. */
  readonly text: string;
  /** It is somewhere else: whether the local platform runs means nothing to it. */
  readonly remote: boolean;
}

interface FunctionNode {
  readonly kind: "function";
  readonly function: FunctionRef;
  readonly deployment: Deployment;
}

interface DetailNode {
  readonly kind: "detail";
  readonly parent: FunctionNode;
  readonly label: string;
  readonly value: string;
  readonly icon: string;
}

type Node = TargetNode | FunctionNode | DetailNode | VersionNode<FunctionNode>;

export interface FunctionsView extends vscode.Disposable {
  /** Asks for everything again. */
  refresh(): void;
  /** Selects a deployed function in the view. */
  reveal(ref: FunctionRef): Promise<void>;
}

export interface ViewSources {
  readonly states: FunctionStates;
  readonly platform: PlatformWatch;
  readonly backend: Backend;
}

const { l10n } = vscode;

export function createFunctionsView(sources: ViewSources): FunctionsView {
  const { states, platform } = sources;
  const changed = new vscode.EventEmitter<Node | void>();
  const nodes = new Map<string, FunctionNode>();
  const nodeOf = (deployment: Deployment): FunctionNode => {
    const key = `${targetText(deployment)}:${formatFunctionRef(deployment.function)}`;
    const known = nodes.get(key);
    if (known?.deployment === deployment) return known;
    const node: FunctionNode = { kind: "function", function: deployment.function, deployment };
    nodes.set(key, node);
    return node;
  };
  const targets = (): readonly TargetNode[] => [
    ...new Map(states.deployments.map((deployment) => [targetText(deployment), targetNode(deployment)])).values(),
  ];

  // While a canary runs its figures change by themselves.
  const timers = new Map<FunctionNode, NodeJS.Timeout>();
  const lookAgainSoon = (node: FunctionNode): void => {
    clearTimeout(timers.get(node));
    const look = (): void => {
      timers.delete(node);
      if (view.visible) changed.fire(node);
      else lookAgainSoon(node);
    };
    timers.set(node, setTimeout(look, CANARY_POLL_MS));
  };

  const tree: vscode.TreeDataProvider<Node> = {
    onDidChangeTreeData: changed.event,
    getTreeItem: (node) => toItem(node, sources),
    getChildren: async (node): Promise<Node[]> => {
      if (!node) return [...targets()];
      if (node.kind === "target")
        return states.deployments.filter((deployment) => targetText(deployment) === node.text).map(nodeOf);
      return node.kind === "function" ? [...(await details(node, sources, lookAgainSoon))] : [];
    },
    getParent: (node) => {
      if (node.kind === "detail" || node.kind === "version") return node.parent;
      return node.kind === "function" ? targetNode(node.deployment) : undefined;
    },
  };
  const view = vscode.window.createTreeView(FUNCTIONS_VIEW, { treeDataProvider: tree, showCollapseAll: true });
  const subscriptions = [
    view,
    changed,
    states.onDidChange(() => changed.fire()),
    platform.onDidChange(() => changed.fire()),
  ];
  return {
    reveal: async (ref) => {
      const deployment = states.deploymentOf(ref);
      if (deployment) await view.reveal(nodeOf(deployment), { select: true, focus: true, expand: true });
    },
    refresh: () => changed.fire(),
    dispose: () => {
      for (const timer of timers.values()) clearTimeout(timer);
      vscode.Disposable.from(...subscriptions).dispose();
    },
  };
}

function toItem(node: Node, { states, platform }: ViewSources): vscode.TreeItem {
  switch (node.kind) {
    case "target":
      return targetItem(node, platform);
    case "function":
      return functionItem(node, states);
    case "version":
      return versionItem(node);
    case "detail":
      return detailItem(node);
  }
}

function targetNode(deployment: Deployment): TargetNode {
  return { kind: "target", text: targetText(deployment), remote: deployment.place !== undefined };
}

function targetItem({ text, remote }: TargetNode, { state }: PlatformWatch): vscode.TreeItem {
  const item = new vscode.TreeItem(
    remote ? text : l10n.t("{0} platform", text),
    vscode.TreeItemCollapsibleState.Expanded,
  );
  item.id = text;
  if (remote) {
    item.iconPath = new vscode.ThemeIcon("cloud");
    item.contextValue = "target.remote";
    return item;
  }
  item.description = state.running ? l10n.t("running") : l10n.t("stopped");
  item.iconPath = new vscode.ThemeIcon(state.running ? "vm-running" : "vm-outline");
  item.contextValue = state.running ? "target.running" : "target.stopped";
  if (state.endpoint !== undefined) item.tooltip = state.endpoint;
  return item;
}

function functionItem({ function: ref, deployment }: FunctionNode, states: FunctionStates): vscode.TreeItem {
  const stale = states.isStale(deployment);
  const { activity, last } = states.stateOf(ref);
  const item = new vscode.TreeItem(ref.name, vscode.TreeItemCollapsibleState.Collapsed);
  item.id = `${targetText(deployment)}:${formatFunctionRef(ref)}`;
  item.description = [
    vscode.workspace.asRelativePath(ref.file),
    ...(stale ? [l10n.t("stale")] : []),
    ...(activity ? [activityText(activity, l10n)] : []),
    ...(last && !activity ? [durationText(last, l10n)] : []),
  ].join(" · ");
  item.iconPath = functionIcon(activity !== undefined, stale, last?.error !== undefined);
  item.contextValue = stale ? "function.stale" : "function";
  item.tooltip = formatFunctionRef(ref);
  item.command = commandLink("faasify.openSource", l10n.t("Open"), ref);
  return item;
}

function functionIcon(busy: boolean, stale: boolean, failed: boolean): vscode.ThemeIcon {
  if (busy) return new vscode.ThemeIcon("sync~spin");
  if (failed) return new vscode.ThemeIcon("error", new vscode.ThemeColor("errorForeground"));
  if (stale) return new vscode.ThemeIcon("history", new vscode.ThemeColor("list.warningForeground"));
  return new vscode.ThemeIcon("symbol-function", new vscode.ThemeColor("symbolIcon.functionForeground"));
}

function detailItem({ label, value, icon }: DetailNode): vscode.TreeItem {
  const item = new vscode.TreeItem(label);
  item.description = value;
  item.iconPath = new vscode.ThemeIcon(icon);
  item.tooltip = `${label}: ${value}`;
  return item;
}

const ANSWER_LIMIT_MS = 10_000;
const CANARY_POLL_MS = 1_000;

async function details(
  node: FunctionNode,
  { states, platform, backend }: ViewSources,
  lookAgainSoon: (node: FunctionNode) => void,
): Promise<readonly Node[]> {
  const { deployment } = node;
  const detail = detailOf(node);
  // A stopped platform is not started for the sake of its figures.
  const reachable = deployment.place !== undefined || platform.state.running;
  const [measured, releases] = reachable
    ? await Promise.all([
        backend.metrics(deployment, AbortSignal.timeout(ANSWER_LIMIT_MS)).catch(describeError),
        backend.releases(deployment, AbortSignal.timeout(ANSWER_LIMIT_MS)),
      ])
    : [];
  if (releases?.canary?.state === "running") lookAgainSoon(node);
  const { last } = states.stateOf(node.function);
  return [
    ...(releases ? releaseNodes(node, releases) : []),
    ...deploymentDetails(node, states.isStale(deployment)),
    ...(measured === undefined ? [] : measurements(measured).map(detail)),
    ...(last ? [detail(lastResult(last))] : []),
  ];
}

type Detail = Pick<DetailNode, "label" | "value" | "icon">;

const detailOf =
  (parent: FunctionNode) =>
  (detail: Detail): DetailNode => ({ kind: "detail", parent, ...detail });

function releaseNodes(node: FunctionNode, releases: FunctionReleases): readonly Node[] {
  const lines = releases.canary ? canaryLines(releases.canary) : [];
  return [...versionNodes(node, releases), ...lines.map(detailOf(node))];
}

function deploymentDetails(node: FunctionNode, stale: boolean): readonly DetailNode[] {
  const { version, deployedAt, configuration, artifactBytes } = node.deployment;
  const when = new Date(deployedAt).toLocaleTimeString();
  const details: readonly Detail[] = [
    {
      label: l10n.t("Version {0}", version),
      value: stale ? l10n.t("stale: the code has changed since {0}", when) : l10n.t("deployed {0}", when),
      icon: "versions",
    },
    {
      label: l10n.t("Limits"),
      value: l10n.t("{0} MB, {1} s", configuration.memoryMb, configuration.timeoutMs / 1000),
      icon: "dashboard",
    },
    { label: l10n.t("Size"), value: l10n.t("{0} kB", Math.ceil(artifactBytes / 1000)), icon: "file-zip" },
  ];
  return details.map(detailOf(node));
}

function lastResult(last: LastResult): Detail {
  const { error, result } = last;
  const text = error ? `${error.name}: ${error.message}` : (JSON.stringify(result) ?? "undefined");
  return { label: durationText(last, l10n), value: shorten(text, 120), icon: error ? "error" : "check" };
}

/** Text: why there are no figures. */
function measurements(measured: FunctionMetrics | string): readonly Detail[] {
  const label = l10n.t("Invocations");
  if (typeof measured === "string") return [{ label, value: shorten(measured, 120), icon: "warning" }];
  return measured.invocations > 0 ? [{ label, value: describeMetrics(measured), icon: "pulse" }] : [];
}

function describeMetrics({ invocations, errors, p50Ms, p95Ms }: FunctionMetrics): string {
  const parts = [l10n.t("{0}, {1} failed", invocations, errors)];
  if (p50Ms !== undefined) parts.push(l10n.t("median {0}", formatMs(p50Ms)));
  if (p95Ms !== undefined) parts.push(l10n.t("p95 {0}", formatMs(p95Ms)));
  return parts.join(" · ");
}
