import { readFileSync } from "node:fs";
import type { DebugProtocol } from "@vscode/debugprotocol";
import type { Protocol } from "devtools-protocol";
import { type Debuggee, toClientPosition } from "../debuggee.ts";
import type { Sandbox } from "../sandbox.ts";
import type { OriginalPosition } from "../sources/bundle-map.ts";
import { isUserCode, toOriginal } from "../sources/locate.ts";
import { findFrame } from "./find.ts";

type Location = Protocol.Debugger.Location;

/** More calls than this in one statement are not to choose from. */
const MAX_TARGETS = 50;

/** The calls of the statement that the topmost frame stands at. Other frames are inside one of theirs already. */
export async function stepInTargets(
  debuggee: Debuggee,
  { frameId }: DebugProtocol.StepInTargetsArguments,
): Promise<DebugProtocol.StepInTargetsResponse["body"]> {
  const { sandbox, frame } = findFrame(debuggee, frameId);
  if (sandbox.pause?.frames[0] !== frame) return { targets: [] };
  const start = frame.location;
  const { locations } = await sandbox.cdp.send("Debugger.getPossibleBreakpoints", {
    start,
    // The bundler writes each statement on a line of its own.
    end: { scriptId: start.scriptId, lineNumber: start.lineNumber + 1, columnNumber: 0 },
    restrictToFunction: true,
  });
  const calls = locations
    .filter(({ type }) => type === "call")
    .map(({ scriptId, lineNumber, columnNumber = 0 }): Location => ({ scriptId, lineNumber, columnNumber }))
    .filter((location) => isUserCode(debuggee, sandbox, location));
  sandbox.stepTargets = new Map(calls.slice(0, MAX_TARGETS).map((location) => [debuggee.handles.reserve(), location]));
  return {
    targets: [...sandbox.stepTargets].flatMap(([id, location]) => toTarget(debuggee, sandbox, id, location)),
  };
}

function toTarget(debuggee: Debuggee, sandbox: Sandbox, id: number, location: Location): DebugProtocol.StepInTarget[] {
  const original = toOriginal(debuggee, sandbox, location);
  if (!original) return [];
  return [{ id, label: labelOf(original), ...toClientPosition(debuggee, original) }];
}

/** `order.total(…)`, as it stands in the file. */
function labelOf({ path, line1, column1 }: OriginalPosition): string {
  const line = linesOf(path)[line1 - 1] ?? "";
  const before = /[\w$.?]*$/.exec(line.slice(0, column1 - 1))?.[0] ?? "";
  const after = /^(?:new\s+)?[\w$.?]*/.exec(line.slice(column1 - 1))?.[0] ?? "";
  return `${before}${after}(…)`;
}

function linesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, "utf8").split(/\r?\n/);
  } catch {
    // A file that is gone has no names to show.
    return [];
  }
}
