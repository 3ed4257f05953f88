import type { DebugProtocol } from "@vscode/debugprotocol";
import type { Position0 } from "../../core/positions.ts";
import { type Debuggee, fromClientLine, toClientPosition } from "../debuggee.ts";
import type { Sandbox } from "../sandbox.ts";
import { type BundleMap, pathKey } from "../sources/bundle-map.ts";

/** More lines than this are never on one screen. */
const MAX_LINES = 200;

/**
 * Where on these lines a breakpoint can be, as V8 knows it. Only a sandbox that has loaded the newest code can tell;
 * without one the list is empty, and clients then offer the whole line.
 */
export async function breakpointLocations(
  debuggee: Debuggee,
  { source, line, endLine = line }: DebugProtocol.BreakpointLocationsArguments,
): Promise<DebugProtocol.BreakpointLocationsResponse["body"]> {
  const { path } = source;
  const map = debuggee.sourceMaps
    .current()
    .find((each) => path !== undefined && hasFile(each, path) && findLoaded(debuggee, each));
  const loaded = map && findLoaded(debuggee, map);
  if (path === undefined || !loaded) return { breakpoints: [] };
  const [first, last] = [fromClientLine(debuggee, line), fromClientLine(debuggee, endLine)];
  const lines = Array.from({ length: Math.min(last - first + 1, MAX_LINES) }, (_, index) => first + index);
  const columns = await Promise.all(lines.map((line1) => possibleColumns(map, loaded, { path, line1 })));
  return {
    breakpoints: lines.flatMap((line1, index) =>
      (columns[index] ?? []).map((column1) => toClientPosition(debuggee, { line1, column1 })),
    ),
  };
}

function hasFile({ sources }: BundleMap, file: string): boolean {
  return sources.some((source) => pathKey(source) === pathKey(file));
}

interface Loaded {
  readonly sandbox: Sandbox;
  readonly scriptId: string;
}

function findLoaded(debuggee: Debuggee, map: BundleMap): Loaded | undefined {
  for (const sandbox of debuggee.sandboxes.values()) {
    const script = [...sandbox.scripts.values()].find(
      ({ isBundle, buildId }) => isBundle && debuggee.sourceMaps.get(buildId) === map,
    );
    if (script) return { sandbox, scriptId: script.scriptId };
  }
  return undefined;
}

/** From 1, in order. */
async function possibleColumns(
  map: BundleMap,
  { sandbox, scriptId }: Loaded,
  { path, line1 }: { readonly path: string; readonly line1: number },
): Promise<readonly number[]> {
  const span = map.spanOf(path, line1);
  if (!span) return [];
  const toCdp = ({ line0, column0 }: Position0) => ({ scriptId, lineNumber: line0, columnNumber: column0 });
  const { locations } = await sandbox.cdp.send("Debugger.getPossibleBreakpoints", {
    start: toCdp(span.start),
    end: toCdp(span.end),
  });
  const originals = locations.map(({ lineNumber, columnNumber = 0 }) =>
    map.toOriginal({ line0: lineNumber, column0: columnNumber }),
  );
  const columns = originals.flatMap((original) => (original?.line1 === line1 ? [original.column1] : []));
  return [...new Set(columns)].toSorted((a, b) => a - b);
}
