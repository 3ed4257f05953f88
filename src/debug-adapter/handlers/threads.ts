import type { DebugProtocol } from "@vscode/debugprotocol";
import type { Debuggee } from "../debuggee.ts";
import { threadName } from "../sandbox.ts";

export function threads(debuggee: Debuggee): DebugProtocol.ThreadsResponse["body"] {
  const sandboxes = [...debuggee.sandboxes.values()];
  return { threads: sandboxes.map((sandbox) => ({ id: sandbox.threadId, name: threadName(debuggee, sandbox) })) };
}
