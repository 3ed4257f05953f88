/** Which packages bring compiled code, as far as their package.json says: reading more would cost too much here. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Module } from "./module.ts";
import type { Workspace } from "./workspace.ts";

/** They find an addon, or say that there is one. */
const addonHelpers = [
  "bindings",
  "node-gyp-build",
  "@mapbox/node-pre-gyp",
  "node-addon-api",
  "prebuild-install",
  "nan",
];
/** `@scope/name-linux-x64-gnu`: a package for one kind of machine. */
const forOneMachine = /(?:linux|darwin|win32)[a-z]*-(?:x64|arm64)/;

/** By name, as the file's package finds it. */
export function hasNativeAddon(workspace: Workspace, module: Module, name: string): boolean {
  const addons = workspace.remember("native addons", module, () => new Map<string, boolean>());
  const known = addons.get(name) ?? looksNative(path.dirname(module.file), name);
  addons.set(name, known);
  return known;
}

function looksNative(folder: string, name: string): boolean {
  const place = path.join(folder, "node_modules", name);
  const parent = path.dirname(folder);
  if (!existsSync(place)) return parent !== folder && looksNative(parent, name);
  try {
    const manifest = JSON.parse(readFileSync(path.join(place, "package.json"), "utf8")) as Record<string, unknown>;
    const needs = namesIn(manifest["dependencies"]);
    const options = namesIn(manifest["optionalDependencies"]);
    const isBuilt = manifest["gypfile"] === true || String(manifest["main"]).endsWith(".node");
    return (
      isBuilt || addonHelpers.some((helper) => needs.includes(helper)) || options.some((one) => forOneMachine.test(one))
    );
  } catch {
    return false;
  }
}

function namesIn(dependencies: unknown): readonly string[] {
  return typeof dependencies === "object" && dependencies !== null ? Object.keys(dependencies) : [];
}
