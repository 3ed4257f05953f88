/** The summary of the open preview as a tree: what is captured, what becomes of state and effects, how big it is. */
import * as vscode from "vscode";
import type { SummaryItem, SummarySection } from "./unit-summary.ts";
import type { Previews } from "./unit-preview.ts";

type Node = SummarySection | SummaryItem;

export interface PreviewView extends vscode.Disposable {
  /** Brings it into view without taking the focus. */
  reveal(): Promise<void>;
}

export function createPreviewView(previews: Previews): PreviewView {
  const sections = (): readonly SummarySection[] => previews.current?.sections ?? [];
  const tree: vscode.TreeDataProvider<Node> = {
    onDidChangeTreeData: previews.onDidChange,
    getTreeItem: (node) => (isSection(node) ? sectionItem(node) : lineItem(node)),
    getChildren: (node): Node[] =>
      node === undefined ? Array.from(sections()) : isSection(node) ? Array.from(node.items) : [],
    getParent: (node) => (isSection(node) ? undefined : sections().find(({ items }) => items.includes(node))),
  };
  const view = vscode.window.createTreeView("faasify.preview", { treeDataProvider: tree });
  const rename = previews.onDidChange(() => {
    view.description = previews.current?.ref.name ?? "";
  });
  return {
    // Made by the editor for each view.
    reveal: async () => {
      await vscode.commands.executeCommand("faasify.preview.focus", { preserveFocus: true });
    },
    dispose: () => vscode.Disposable.from(view, rename).dispose(),
  };
}

const isSection = (node: Node): node is SummarySection => "items" in node;

/** Long lists begin folded. */
const longList = 8;

function sectionItem({ title, icon, items }: SummarySection): vscode.TreeItem {
  const { Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
  const item = new vscode.TreeItem(title, items.length > longList ? Collapsed : Expanded);
  item.iconPath = new vscode.ThemeIcon(icon);
  if (items.length > longList) item.description = String(items.length);
  return item;
}

function lineItem({ text, detail, place }: SummaryItem): vscode.TreeItem {
  const item = new vscode.TreeItem(text);
  if (detail !== undefined) item.description = detail;
  item.tooltip = detail === undefined ? text : `${text}\n${detail}`;
  if (place) {
    const at = new vscode.Range(place.line1 - 1, 0, place.line1 - 1, 0);
    item.command = {
      command: "vscode.open",
      title: vscode.l10n.t("Go to Line"),
      arguments: [vscode.Uri.file(place.file), { selection: at, viewColumn: vscode.ViewColumn.One }],
    };
  }
  return item;
}
