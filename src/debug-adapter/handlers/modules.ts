/** The builds of the function that sandboxes run, as DAP's modules; their source files come and go with them. */
import path from "node:path";
import { Event } from "@vscode/debugadapter";
import type { DebugProtocol } from "@vscode/debugprotocol";
import type { Debuggee } from "../debuggee.ts";
import { type BundleMap, isGenerated } from "../sources/bundle-map.ts";

export function modules(
  { sourceMaps }: Debuggee,
  { startModule = 0, moduleCount = 0 }: DebugProtocol.ModulesArguments,
): DebugProtocol.ModulesResponse["body"] {
  const all = sourceMaps.all().map((map) => toModule(map, sourceMaps.functionOf(map.buildId)));
  const end = moduleCount > 0 ? startModule + moduleCount : undefined;
  return { modules: all.slice(startModule, end), totalModules: all.length };
}

/** The user's files that are in the deployed function. */
export function loadedSources({ sourceMaps }: Debuggee): DebugProtocol.LoadedSourcesResponse["body"] {
  return { sources: [...new Set(sourceMaps.current().flatMap(filesOf))].map(toSource) };
}

/** A deployment has brought a build: tells which files it has, and which the one before had. */
export function announceBuild({ notify, sourceMaps }: Debuggee, build: BundleMap, before: BundleMap | undefined): void {
  if (build === before) return;
  notify(moduleEvent("new", toModule(build, sourceMaps.functionOf(build.buildId))));
  const [old, now] = [new Set(filesOf(before)), new Set(filesOf(build))];
  for (const file of now) notify(sourceEvent(old.has(file) ? "changed" : "new", file));
  const others = new Set(sourceMaps.current().flatMap(filesOf));
  for (const file of old) if (!others.has(file)) notify(sourceEvent("removed", file));
}

function toModule({ buildId, sourceMapPath }: BundleMap, functionName: string | undefined): DebugProtocol.Module {
  return {
    id: buildId,
    name: functionName?.split("#").at(-1) ?? "function",
    version: buildId,
    isUserCode: true,
    symbolStatus: "Source map loaded",
    symbolFilePath: sourceMapPath,
  };
}

function filesOf(map: BundleMap | undefined): string[] {
  return (map?.sources ?? []).filter((file) => !isGenerated(file));
}

function toSource(file: string): DebugProtocol.Source {
  return { name: path.basename(file), path: file };
}

function moduleEvent(reason: "new", module: DebugProtocol.Module): DebugProtocol.Event {
  return Object.assign(new Event("module"), { body: { reason, module } });
}

function sourceEvent(reason: "new" | "changed" | "removed", file: string): DebugProtocol.Event {
  return Object.assign(new Event("loadedSource"), { body: { reason, source: toSource(file) } });
}
