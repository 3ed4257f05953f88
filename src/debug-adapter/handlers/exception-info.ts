import type { DebugProtocol } from "@vscode/debugprotocol";
import type { Debuggee } from "../debuggee.ts";
import { CdpError } from "../cdp/cdp-client.ts";
import { mapOf, mapStackText } from "../sources/locate.ts";
import { renderValue, typeOf } from "../variables/render.ts";
import { findPaused } from "./find.ts";

export function exceptionInfo(
  debuggee: Debuggee,
  { threadId }: DebugProtocol.ExceptionInfoArguments,
): DebugProtocol.ExceptionInfoResponse["body"] {
  const { sandbox, pause } = findPaused(debuggee, threadId);
  const { exception } = pause;
  if (!exception) throw new CdpError("The function did not stop at an exception");
  const stackTrace = mapStackText(mapOf(debuggee, sandbox), exception.description ?? renderValue(exception));
  const message = stackTrace.split("\n", 1)[0] ?? "";
  return {
    exceptionId: typeOf(exception),
    description: message,
    breakMode: debuggee.exceptionFilters.has("caught") ? "always" : "unhandled",
    details: { message, typeName: typeOf(exception), stackTrace },
  };
}
