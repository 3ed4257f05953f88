/** “Verify equivalence”: `faasify verify` in a process of its own, with the arguments that were typed here before. */
import { spawn } from "node:child_process";
import path from "node:path";
import * as vscode from "vscode";
import { FaasifyError, errorCodes, type ErrorCode } from "../core/errors.ts";
import type { FunctionRef } from "../core/function-ref.ts";
import { rememberedArguments } from "./ask-arguments.ts";
import type { FunctionStates } from "./function-states.ts";
import type { FunctionPicker } from "./pick-function.ts";
import { withProgress } from "./progress.ts";
import { readSettings } from "./settings.ts";
import { announce } from "./show-result.ts";
import { requireTrust } from "./trust.ts";
import { parseVerification, verificationText, type VerificationReport } from "./verification-text.ts";
import type { VirtualDocuments } from "./virtual-documents.ts";

const { l10n } = vscode;

export interface VerifySources {
  readonly picker: FunctionPicker;
  readonly states: FunctionStates;
  readonly memory: vscode.Memento;
  readonly documents: VirtualDocuments;
  readonly log: vscode.LogOutputChannel;
  /** Absolute path of dist/cli.cjs. */
  readonly cli: string;
}

const cases = 100;

/** Shows what differs in a document; says in the status bar that nothing does. */
export async function verifyFunction(sources: VerifySources, target: unknown): Promise<void> {
  requireTrust();
  const ref = await sources.picker.pick(target, l10n.t("Which function shall be verified?"));
  await vscode.workspace.saveAll(false);
  const recorded = rememberedArguments(sources.memory, ref);
  const report = await sources.states.during(ref, "verifying", () =>
    withProgress(l10n.t("Verifying {0}", ref.name), (signal) => runVerify(sources, ref, recorded, signal)),
  );
  const text = verificationText(ref.name, report);
  sources.log.info(text);
  const { equal, cases: count, different, nondeterministic } = report;
  if (different + nondeterministic === 0) {
    announce(`$(verified) ${l10n.t("{0}: {1} of {2} cases equal", ref.name, equal, count)}`);
    return;
  }
  const uri = sources.documents.set(`/${ref.name} verified.log`, "verification", text);
  await vscode.window.showTextDocument(uri, { preview: true, viewColumn: vscode.ViewColumn.Beside });
}

async function runVerify(
  { cli, log }: VerifySources,
  ref: FunctionRef,
  recorded: readonly string[],
  signal: AbortSignal,
): Promise<VerificationReport> {
  const folder = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(ref.file))?.uri.fsPath ?? path.dirname(ref.file);
  const given = recorded.flatMap((text) => ["--args", text]);
  const args = [cli, "verify", `${ref.file}#${ref.name}`, "--json", "--cases", String(cases), ...given];
  const { node } = readSettings(vscode.Uri.file(ref.file));
  const environment = { ...process.env, ELECTRON_RUN_AS_NODE: "1", ...(node !== "" && { FAASIFY_NODE: node }) };
  const child = spawn(process.execPath, args, { cwd: folder, env: environment, signal, killSignal: "SIGINT" });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  const report = status === 0 || status === 1 ? parseVerification(stdout) : undefined;
  if (report) return report;
  log.warn(stderr);
  throw failureOf(stderr);
}

/** `error CODE: what happened. What to do.` */
function failureOf(stderr: string): Error {
  const [, code = "", text = ""] = /^error ([\w-]+): (.*)$/m.exec(stderr) ?? [];
  const known = errorCodes.find((candidate): candidate is ErrorCode => candidate === code);
  const end = text.lastIndexOf(". ", text.length - 2);
  if (known === undefined || end < 0) return new Error(stderr.trim() || "faasify verify ended without an answer");
  return new FaasifyError(known, text.slice(0, end), { remedy: text.slice(end + 2).replace(/\.$/, "") });
}
