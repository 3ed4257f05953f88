import type { DebugProtocol } from "@vscode/debugprotocol";
import { FaasifyError } from "../../core/errors.ts";
import type { Debuggee } from "../debuggee.ts";

/** The text of a script that has no file on this machine: Node's own, the shim's. */
export async function source(
  { scriptReferences }: Debuggee,
  { sourceReference }: DebugProtocol.SourceArguments,
): Promise<DebugProtocol.SourceResponse["body"]> {
  const script = scriptReferences.get(sourceReference);
  if (!script) {
    throw new FaasifyError("debug-session-failed", "This source is not known", { remedy: "Open the file itself" });
  }
  const { scriptId, sandbox } = script;
  const { scriptSource } = await sandbox.cdp.send("Debugger.getScriptSource", { scriptId });
  return { content: scriptSource, mimeType: "text/javascript" };
}
