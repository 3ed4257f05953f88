/** `stopOnEntry`: a breakpoint at the first code of the user's function. */
import { readFile } from "node:fs/promises";
import { parseFunctionRef } from "../../core/function-ref.ts";
import type { Position0 } from "../../core/positions.ts";
import type { Debuggee } from "../debuggee.ts";
import { print } from "../output.ts";
import { bundlePattern, type Sandbox } from "../sandbox.ts";
import type { BundleMap } from "../sources/bundle-map.ts";
import { findFunctionBody } from "../sources/function-body.ts";
import { mapOf } from "../sources/locate.ts";

/** The user's breakpoints begin at 1. */
const ENTRY = 0;

export async function armEntry(debuggee: Debuggee, sandbox: Sandbox): Promise<void> {
  const { configuration } = debuggee;
  const map = mapOf(debuggee, sandbox);
  if (!configuration?.stopOnEntry || !map) return;
  const { file, name } = parseFunctionRef(configuration.function);
  const position = await entryPosition(map, file, name);
  if (!position)
    return print(debuggee, "important", `The first line of ${name} was not found: stopOnEntry has no effect.`);
  const { breakpointId } = await sandbox.cdp.send("Debugger.setBreakpointByUrl", {
    urlRegex: bundlePattern(ENTRY, sandbox.connection.hello.taskRoot),
    lineNumber: position.line0,
    columnNumber: position.column0,
  });
  sandbox.entryBreakpoint = breakpointId;
}

async function entryPosition(map: BundleMap, file: string, name: string): Promise<Position0 | undefined> {
  const text = await readFile(file, "utf8").catch(() => "");
  const body = findFunctionBody(text, name);
  if (!body) return undefined;
  const lineCount = text.split("\n").length;
  for (let line1 = body.line1; line1 <= lineCount; line1++) {
    const column1 = line1 === body.line1 ? body.column1 : 1;
    const position = map.toGenerated({ path: file, line1, column1 });
    if (position) return position;
  }
  return undefined;
}
