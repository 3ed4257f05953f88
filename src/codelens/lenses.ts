/** Which lenses stand above which function. Pure: texts are translated by what the caller hands in. */
import { canMove, type FileAnalysis, type FunctionModel } from "../core/function-model.ts";
import type { Range0 } from "../core/positions.ts";
import { slowerRemotely } from "../core/verdict-text.ts";
import { shorten } from "./shorten.ts";

/** What happens on a click; provider.ts turns it into a command. */
export type LensAction = "faasify" | "deploy" | "invoke" | "reasons" | "reveal" | "console" | "result" | "none";

export interface Lens {
  readonly function: FunctionModel;
  readonly range: Range0;
  readonly action: LensAction;
  /** May have codicons: `$(error)`. */
  readonly title: string;
  readonly tooltip: string;
}

/** How the last invocation of a function ended. */
export interface LastResult {
  readonly durationMs: number;
  /** The duration contains the pauses of a debugger. */
  readonly debugged?: boolean;
  /** Exactly one of `result` and `error` counts: a function that returned nothing has neither. */
  readonly result?: unknown;
  readonly error?: { readonly name: string; readonly message: string };
}

/** What is going on with a function right now. */
export type Activity = "packaging" | "deploying" | "invoking" | "debugging" | "verifying" | "removing";

/** What is known about a function besides its analysis. */
export interface FunctionState {
  /** Where it is deployed, oldest first. */
  readonly deployments: readonly { readonly target: string; readonly stale: boolean }[];
  readonly activity?: Activity;
  /** A debug session waits for its invocations. */
  readonly debugged?: boolean;
  readonly last?: LastResult;
}

/** Part of `vscode.l10n`. */
export interface Localizer {
  t(message: string, ...values: (string | number | boolean)[]): string;
}

/** The lenses of one file in the order in which they are shown. */
export function lensesFor(
  analysis: FileAnalysis,
  stateOf: (model: FunctionModel) => FunctionState,
  l10n: Localizer,
): readonly Lens[] {
  return analysis.functions.flatMap((model) => {
    if (model.verdict === "entry") return [];
    if (!canMove(model.verdict)) return [staysLocal(model, l10n)];
    const state = stateOf(model);
    return [...offers(model, l10n), ...costLens(model, l10n), ...stateLenses(model, state, l10n)];
  });
}

/** The line of the function itself, so that lenses stay below its leading comments. */
function lens(model: FunctionModel, action: LensAction, title: string, tooltip: string): Lens {
  return { function: model, range: model.range, action, title, tooltip };
}

function staysLocal(model: FunctionModel, l10n: Localizer): Lens {
  const [first] = model.reasons;
  const reason = first?.message ?? l10n.t("it cannot run anywhere else");
  const more = model.reasons.length - 1;
  const title = l10n.t("stays local: {0}", shorten(reason, 90));
  return lens(
    model,
    "reasons",
    more > 0 ? `${title} ${l10n.t("(+{0} more)", more)}` : title,
    model.reasons.map(({ message, line }) => l10n.t("Line {0}: {1}", line, message)).join("\n"),
  );
}

function offers(model: FunctionModel, l10n: Localizer): readonly Lens[] {
  return [
    lens(model, "faasify", "FaaSify", l10n.t("Show what of {0} would be moved, and what it needs", model.name)),
    lens(model, "deploy", l10n.t("Deploy"), l10n.t("Make {0} a cloud function", model.name)),
    lens(model, "invoke", l10n.t("Invoke"), l10n.t("Run the deployed {0}; stops at your breakpoints", model.name)),
  ];
}

/** Said before anybody deploys it. */
function costLens(model: FunctionModel, l10n: Localizer): readonly Lens[] {
  const reason = slowerRemotely(model);
  if (!reason) return [];
  const title = l10n.t("slower remotely: {0}", shorten(reason.message, 100));
  return [lens(model, "reasons", title, l10n.t("Line {0}: {1}", reason.line, reason.message))];
}

function stateLenses(model: FunctionModel, state: FunctionState, l10n: Localizer): readonly Lens[] {
  if (state.activity) return [lens(model, "none", `$(sync~spin) ${activityText(state.activity, l10n)}`, "")];
  const lenses = state.deployments.map(({ target, stale }) =>
    stale
      ? lens(model, "reveal", l10n.t("deployed to {0} · stale", target), l10n.t("The code has changed since"))
      : lens(model, "reveal", l10n.t("deployed to {0}", target), l10n.t("Show it in the FaaSify view")),
  );
  if (state.debugged) {
    const tooltip = l10n.t("Invoke runs it in the debug session, until you stop that");
    lenses.push(lens(model, "console", `$(debug-alt) ${l10n.t("debug session")}`, tooltip));
  }
  if (state.last) lenses.push(resultLens(model, state.last, l10n));
  return lenses;
}

function resultLens(model: FunctionModel, last: LastResult, l10n: Localizer): Lens {
  const { result, error } = last;
  const time = durationText(last, l10n);
  if (error) {
    const title = `$(error) ${time} → ${shorten(`${error.name}: ${error.message}`, 70)}`;
    return lens(model, "result", title, l10n.t("Show the whole error and the log"));
  }
  const text = result === undefined ? "undefined" : (JSON.stringify(result) ?? "undefined");
  return lens(model, "result", `${time} → ${shorten(text, 60)}`, l10n.t("Show the whole result and the log"));
}

/** What the user reads while something goes on. */
export function activityText(activity: Activity, l10n: Localizer): string {
  switch (activity) {
    case "packaging":
      return l10n.t("packaging…");
    case "deploying":
      return l10n.t("deploying…");
    case "invoking":
      return l10n.t("invoking…");
    case "debugging":
      return l10n.t("debugging…");
    case "verifying":
      return l10n.t("verifying…");
    case "removing":
      return l10n.t("removing…");
  }
}

/** How long it took; a debugged invocation says that its author's thinking is in the figure. */
export function durationText({ durationMs, debugged }: LastResult, l10n: Localizer): string {
  const time = formatMs(durationMs);
  return debugged ? l10n.t("{0} with pauses", time) : time;
}

/** `0.4 ms`, `12 ms`, `3.1 s`. */
export function formatMs(durationMs: number): string {
  if (durationMs >= 10_000) return `${Math.round(durationMs / 1000)} s`;
  if (durationMs >= 1000) return `${(durationMs / 1000).toFixed(1)} s`;
  if (durationMs >= 10) return `${Math.round(durationMs)} ms`;
  return `${Number(durationMs.toFixed(1))} ms`;
}
