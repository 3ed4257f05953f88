/** Versions of a function in the view: which share of the traffic each has, and how a canary does beside what it may replace. */
import * as vscode from "vscode";
import { formatMs } from "../codelens/lenses.ts";
import type { CanarySummary, VersionSummary } from "../core/canary/summary.ts";
import { describeMs, shortName } from "../core/canary/schedule.ts";
import type { FunctionRef } from "../core/function-ref.ts";
import type { FunctionReleases } from "./backend.ts";

/** A version that an alias sends callers to, or the canary that it was tried with last. */
export interface VersionNode<Parent> {
  readonly kind: "version";
  readonly parent: Parent;
  readonly function: FunctionRef;
  readonly version: string;
  readonly role: "alone" | "stable" | "canary" | "former";
  readonly alias: string;
  /** From 0 to 1. */
  readonly weight: number;
  /** As the canary's driver counted; absent without a canary. */
  readonly summary?: VersionSummary;
  readonly canary?: CanarySummary;
}

const { l10n } = vscode;

export function versionNodes<Parent extends { readonly function: FunctionRef }>(
  parent: Parent,
  { aliases, canary }: FunctionReleases,
): readonly VersionNode<Parent>[] {
  return aliases.flatMap((alias) => {
    const mine = canary?.alias === alias.name ? canary : undefined;
    const weights = new Map([[alias.version, 1 - (alias.canary?.weight ?? 0)]]);
    if (alias.canary) weights.set(alias.canary.version, alias.canary.weight);
    if (mine && mine.state !== "superseded") {
      for (const { version } of [mine.stable, mine.canary]) weights.set(version, weights.get(version) ?? 0);
    }
    const versions = [...weights].toSorted(([a], [b]) => Number(a) - Number(b));
    return versions.map(([version, weight]): VersionNode<Parent> => {
      const summary = [mine?.stable, mine?.canary].find((side) => side?.version === version);
      return {
        kind: "version",
        parent,
        function: parent.function,
        version,
        role: roleOf(version, weight, mine),
        alias: alias.name,
        weight,
        ...(summary && mine && { summary, canary: mine }),
      };
    });
  });
}

function roleOf(version: string, weight: number, canary: CanarySummary | undefined): VersionNode<unknown>["role"] {
  if (canary?.state === "running" && canary.canary.version === version) return "canary";
  if (canary?.state === "running" && canary.stable.version === version) return "stable";
  return weight === 0 ? "former" : "alone";
}

export function versionItem(node: VersionNode<unknown>): vscode.TreeItem {
  const { version, role, alias, weight, summary } = node;
  const item = new vscode.TreeItem(l10n.t("Version {0}", version));
  item.description = [
    l10n.t("{0} {1} %", alias, Math.round(weight * 100)),
    ...(role === "canary" ? [l10n.t("canary")] : []),
    ...(summary ? [l10n.t("{0} invocations", summary.invocations)] : []),
  ].join(" · ");
  item.iconPath = iconOf(node);
  item.contextValue = `version.${role}`;
  if (node.canary) item.tooltip = tooltipOf(node.canary);
  return item;
}

function iconOf({ role, canary, version }: VersionNode<unknown>): vscode.ThemeIcon {
  if (role === "canary") return new vscode.ThemeIcon("beaker", new vscode.ThemeColor("charts.yellow"));
  if (role !== "former") return new vscode.ThemeIcon("pass", new vscode.ThemeColor("testing.iconPassed"));
  const rolledBack = canary?.state === "rolled-back" && canary.canary.version === version;
  return rolledBack
    ? new vscode.ThemeIcon("discard", new vscode.ThemeColor("errorForeground"))
    : new vscode.ThemeIcon("circle-outline");
}

/** How the canary stands, and both versions side by side: one line each. */
export function canaryLines(summary: CanarySummary): readonly CanaryLine[] {
  const { stable, canary } = summary;
  const both = (text: (side: VersionSummary) => string): string =>
    l10n.t("stable {0} · canary {1}", text(stable), text(canary));
  return [
    { label: l10n.t("Canary"), value: canaryText(summary), icon: "beaker" },
    { label: l10n.t("Failed"), value: both(failedText), icon: "error" },
    { label: l10n.t("Median"), value: both(({ p50Ms }) => durationText(p50Ms)), icon: "watch" },
    { label: "p95", value: both(({ p95Ms }) => durationText(p95Ms)), icon: "watch" },
  ];
}

export interface CanaryLine {
  readonly label: string;
  readonly value: string;
  readonly icon: string;
}

const durationText = (ms: number | undefined): string => (ms === undefined ? "–" : formatMs(ms));

function failedText({ invocations, errors }: VersionSummary): string {
  return invocations === 0 ? "–" : `${((100 * errors) / invocations).toFixed(1)} %`;
}

function canaryText({ schedule, state, reason, elapsedMs, totalMs }: CanarySummary): string {
  switch (state) {
    case "running":
      return l10n.t("{0} left of {1}", describeMs(Math.max(0, totalMs - elapsedMs)), shortName({ name: schedule }));
    case "promoted":
      return l10n.t("promoted: {0}", reason ?? "");
    case "rolled-back":
      return l10n.t("rolled back: {0}", reason ?? "");
    case "superseded":
      return l10n.t("left alone: {0}", reason ?? "");
  }
}

/** Both versions side by side. */
function tooltipOf(canary: CanarySummary): vscode.MarkdownString {
  const row = (title: string, text: (side: VersionSummary) => string): string =>
    `| ${title} | ${text(canary.stable)} | ${text(canary.canary)} |`;
  return new vscode.MarkdownString(
    [
      canaryText(canary),
      "",
      row("", ({ version }) => l10n.t("Version {0}", version)),
      "|---|--:|--:|",
      row(l10n.t("weight"), ({ weight }) => (weight === undefined ? "–" : `${Math.round(weight * 100)} %`)),
      row(l10n.t("invocations"), ({ invocations }) => String(invocations)),
      row(l10n.t("failed"), failedText),
      row(l10n.t("median"), ({ p50Ms }) => durationText(p50Ms)),
      row("p95", ({ p95Ms }) => durationText(p95Ms)),
    ].join("\n"),
  );
}
