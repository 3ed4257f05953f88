/** Shows how an invocation ended: the lens in short, the log in full, a failure in a message that leads to its line. */
import * as vscode from "vscode";
import { durationText, type LastResult } from "../codelens/lenses.ts";
import { shorten } from "../codelens/shorten.ts";
import type { FunctionRef } from "../core/function-ref.ts";
import type { FunctionError, InvocationResult } from "../core/invocation.ts";
import type { FunctionStates } from "./function-states.ts";
import { firstUserFrame } from "./stack-frames.ts";

const { l10n } = vscode;

export interface ResultSinks {
  readonly states: FunctionStates;
  readonly log: vscode.LogOutputChannel;
}

/** @param debugged - under a debugger: the duration contains its pauses */
export function showResult(
  { states, log }: ResultSinks,
  ref: FunctionRef,
  outcome: InvocationResult,
  debugged: boolean,
): void {
  const { durationMs, result, error, notPlain, log: lines, coldStart, requestId } = outcome;
  const last: LastResult = { durationMs, debugged, ...(error ? { error } : { result: notPlain?.text ?? result }) };
  const took = durationText(last, l10n);
  states.setLast(ref, last);
  for (const line of lines) log.info(`${ref.name} | ${line.trimEnd()}`);
  const how = `${took}${coldStart ? l10n.t(", cold start") : ""}, ${requestId}`;
  if (error) {
    log.error(`${ref.name} failed (${how}): ${stackOf(error)}`);
    void offerPlaces(error, ref, log);
  } else {
    log.info(`${ref.name} (${how}) → ${notPlain?.text ?? JSON.stringify(result, undefined, 2) ?? "undefined"}`);
    announce(`$(check) ${l10n.t("{0} returned after {1}", ref.name, took)}`);
  }
}

/** In the status bar for eight seconds: nothing to click away. */
export function announce(text: string): void {
  vscode.window.setStatusBarMessage(text, 8000);
}

/** Platforms differ in whether the stack begins with name and message. */
function stackOf({ name, message, stack }: FunctionError): string {
  const head = `${name}: ${message}`;
  const [first = ""] = stack;
  return (first.trim().startsWith("at ") || first === "" ? [head, ...stack] : stack).join("\n");
}

async function offerPlaces(error: FunctionError, ref: FunctionRef, log: vscode.LogOutputChannel): Promise<void> {
  const goToLine = l10n.t("Go to Line");
  const showLog = l10n.t("Show Log");
  const frame = firstUserFrame(error.stack);
  const text = l10n.t("{0} failed: {1}", ref.name, shorten(`${error.name}: ${error.message}`, 200));
  const choice = await vscode.window.showErrorMessage(text, ...(frame ? [goToLine] : []), showLog);
  if (choice === showLog) log.show();
  if (choice !== goToLine || !frame) return;
  const place = new vscode.Position(frame.line1 - 1, frame.column1 - 1);
  await vscode.window.showTextDocument(vscode.Uri.file(frame.file), { selection: new vscode.Range(place, place) });
}
