/** `stopOnEntry`: a breakpoint at the first code of the user's function. */
import { parseFunctionRef } from "../../core/function-ref.ts";
import type { Debuggee } from "../debuggee.ts";
import { print } from "../output.ts";
import { bundlePattern, functionOf, type Sandbox } from "../sandbox.ts";
import { mapOf } from "../sources/locate.ts";
import { entryOf } from "./function-placement.ts";

/** The user's breakpoints begin at 1. */
const ENTRY = 0;

export async function armEntry(debuggee: Debuggee, sandbox: Sandbox): Promise<void> {
  const { configuration } = debuggee;
  const map = mapOf(debuggee, sandbox);
  const functionName = functionOf(debuggee, sandbox);
  if (!configuration?.stopOnEntry || !map || functionName === undefined) return;
  const { file, name } = parseFunctionRef(functionName);
  const position = entryOf(map, file, name)?.position;
  if (!position)
    return print(debuggee, "important", `The first line of ${name} was not found: stopOnEntry has no effect.`);
  const { breakpointId } = await sandbox.cdp.send("Debugger.setBreakpointByUrl", {
    urlRegex: bundlePattern(ENTRY, sandbox.code.taskRoot),
    lineNumber: position.line0,
    columnNumber: position.column0,
  });
  sandbox.entryBreakpoint = breakpointId;
}
