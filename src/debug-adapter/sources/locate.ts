/** Places in a sandbox's scripts ↔ places in the user's files. */
import path from "node:path";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { type Debuggee, toClientPosition } from "../debuggee.ts";
import type { Sandbox } from "../sandbox.ts";
import { type BundleMap, isGenerated, type OriginalPosition } from "./bundle-map.ts";
import { skipsFile } from "./skip-files.ts";

/** As CDP writes it: from 0. */
export interface ScriptLocation {
  readonly scriptId: string;
  readonly lineNumber: number;
  readonly columnNumber?: number;
}

/** Of the code that the sandbox runs from its next invocation on. */
export function mapOf(debuggee: Debuggee, sandbox: Sandbox): BundleMap | undefined {
  return debuggee.sourceMaps.get(sandbox.code.buildId);
}

/** Of the code that a script is: after a hot deploy there may be older ones in the sandbox. */
export function mapOfScript(
  { sourceMaps }: Debuggee,
  { scripts }: Sandbox,
  { scriptId }: Pick<ScriptLocation, "scriptId">,
): BundleMap | undefined {
  const script = scripts.get(scriptId);
  return script?.isBundle ? sourceMaps.get(script.buildId) : undefined;
}

/** Undefined for code that is in no file of the user's. */
export function toOriginal(
  debuggee: Debuggee,
  sandbox: Sandbox,
  location: ScriptLocation,
): OriginalPosition | undefined {
  const position = { line0: location.lineNumber, column0: location.columnNumber ?? 0 };
  return mapOfScript(debuggee, sandbox, location)?.toOriginal(position);
}

/** Where a step may end: in a file of the user's that is not to be skipped. */
export function isUserCode(debuggee: Debuggee, sandbox: Sandbox, location: ScriptLocation): boolean {
  // Without a source map the bundle itself is all there is to see.
  if (!mapOfScript(debuggee, sandbox, location)) return sandbox.scripts.get(location.scriptId)?.isBundle === true;
  const original = toOriginal(debuggee, sandbox, location);
  return original !== undefined && !skipsFile(debuggee.configuration?.skipFiles ?? [], original.path);
}

/** Names a place in a sandbox's scripts. */
export function placeKey({ scriptId, lineNumber, columnNumber = 0 }: ScriptLocation): string {
  return `${scriptId}:${lineNumber}:${columnNumber}`;
}

/** Names the line of the user's file; undefined for code of nobody's. */
export function lineKey(debuggee: Debuggee, sandbox: Sandbox, location: ScriptLocation): string | undefined {
  const original = toOriginal(debuggee, sandbox, location);
  return original && `${original.path}:${original.line1}`;
}

export interface Place {
  readonly source?: DebugProtocol.Source;
  readonly line: number;
  readonly column: number;
  readonly isUserCode: boolean;
}

/** A location as DAP shows it. What has no file here is fetched from the sandbox when the user opens it. */
export function toPlace(debuggee: Debuggee, sandbox: Sandbox, location: ScriptLocation): Place {
  const mapped = toOriginal(debuggee, sandbox, location);
  const original = mapped && !isGenerated(mapped.path) ? mapped : undefined;
  if (original && isUserCode(debuggee, sandbox, location)) {
    const source = { name: path.basename(original.path), path: original.path };
    return { source, ...toClientPosition(debuggee, original), isUserCode: true };
  }
  const line1 = location.lineNumber + 1;
  const column1 = (location.columnNumber ?? 0) + 1;
  const source: DebugProtocol.Source = original
    ? { name: path.basename(original.path), path: original.path, presentationHint: "deemphasize" }
    : internalSource(debuggee, sandbox, location.scriptId);
  const position = toClientPosition(debuggee, original ?? { line1, column1 });
  return { source, ...position, isUserCode: isUserCode(debuggee, sandbox, location) };
}

function internalSource(debuggee: Debuggee, sandbox: Sandbox, scriptId: string): DebugProtocol.Source {
  const url = sandbox.scripts.get(scriptId)?.url ?? "";
  const known = [...debuggee.scriptReferences].find(
    ([, script]) => script.sandbox === sandbox && script.scriptId === scriptId,
  );
  const sourceReference = known?.[0] ?? debuggee.scriptReferences.size + 1;
  if (!known) debuggee.scriptReferences.set(sourceReference, { sandbox, scriptId });
  const name = url === "" ? `script ${scriptId}` : (url.split(/[/\\]/).at(-1) ?? url);
  return { name, sourceReference, origin: url, presentationHint: "deemphasize" };
}

/** Replaces the bundle's positions in a stack trace's text by those in the user's files. */
export function mapStackText(map: BundleMap | undefined, text: string): string {
  if (!map) return text;
  return text.replace(
    /(?<![^\s()])(?![^\s()]*[/\\]task[/\\]node_modules[/\\])(?:file:\/\/)?(?:[A-Za-z]:)?[^\s()]*[/\\]index\.[cm]?js:(\d+):(\d+)/g,
    (whole: string, line: string, column: string) => {
      const original = map.toOriginal({ line0: Number(line) - 1, column0: Number(column) - 1 });
      return original ? `${original.path}:${original.line1}:${original.column1}` : whole;
    },
  );
}
