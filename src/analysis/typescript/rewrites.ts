/** What bundling would change in the kept items of a file, and the files that they read: see core/unit.ts. */
import { ts } from "ts-morph";
import type { LoadRewrite, Rewrite } from "../../core/unit.ts";
import { bindingsOf, type Item, type Module } from "./module.ts";
import { isMadeRequire, madeRequireCall, moduleUsesOf, type LoadedModules } from "./module-uses.ts";
import { assetReadBy, placeUses } from "./own-place.ts";
import type { Workspace } from "./workspace.ts";

export interface FileRewrites {
  /** Ascending, none inside another. */
  readonly rewrites: readonly Rewrite[];
  /** Absolute paths. */
  readonly assets: readonly string[];
  /** Something in it asks for its own place other than for files that travel along. */
  readonly asksPlace: boolean;
  /** Something in it loads a module whose name is known only at run time. */
  readonly loadsUnknown: boolean;
}

/** Of one file, of which a unit keeps some items. */
export function rewritesOf(workspace: Workspace, module: Module, keep: ReadonlySet<Item>): FileRewrites {
  const place = { workspace, module };
  const rewrites: Rewrite[] = [];
  const assets = new Set<string>();
  const loads: LoadedModules[] = [];
  let asksPlace = false;
  for (const { facts } of keep) {
    for (const { node, rewrite } of placeUses(place, facts)) {
      if (rewrite === undefined) asksPlace = true;
      else if (rewrite !== "none") rewrites.push({ ...rewrite, ...spanOf(node) });
    }
    for (const call of facts.calls) {
      const read = assetReadBy(place, call);
      if (read) assets.add(read.file);
    }
    loads.push(...moduleUsesOf(workspace, module, facts));
  }
  rewrites.push(...loads.flatMap(loaderOf), ...madeRequires(module, keep, loads));
  return {
    rewrites: rewrites.toSorted((a, b) => a.offset - b.offset),
    assets: Array.from(assets),
    asksPlace,
    loadsUnknown: loads.some(({ specifiers }) => specifiers === undefined),
  };
}

function spanOf(node: ts.Node): { readonly offset: number; readonly length: number } {
  const offset = node.getStart();
  return { offset, length: node.getEnd() - offset };
}

/** `import(names[kind])`: a bundler only understands a name that stands there. */
function loaderOf({ node, specifiers, through }: LoadedModules): readonly LoadRewrite[] {
  const [argument] = through === undefined && specifiers ? node.arguments : [];
  if (!specifiers || !argument || ts.isStringLiteralLike(argument)) return [];
  const { expression } = node;
  const kind = expression.kind === ts.SyntaxKind.ImportKeyword ? "import" : "require";
  return [{ kind, ...spanOf(expression), specifiers }];
}

/** `createRequire(import.meta.url)`: what is loaded by it is known by now. */
function madeRequires(module: Module, keep: ReadonlySet<Item>, loads: readonly LoadedModules[]): LoadRewrite[] {
  const made = Array.from(module.bindings.values()).filter(
    ({ name, items: own }) => isMadeRequire(module, name) && own.some((item) => keep.has(item)),
  );
  return made.flatMap(({ name, declaration }) => {
    const call = madeRequireCall(declaration);
    const used = loads.filter(({ through }) => through === name).flatMap(({ specifiers = [] }) => specifiers);
    const top = name === "require" ? requiredAtTop(module, keep) : [];
    const specifiers = Array.from(new Set([...used, ...top])).toSorted();
    return call ? [{ kind: "required" as const, ...spanOf(call), specifiers }] : [];
  });
}

/** `const data = require("./data.json")` */
function requiredAtTop(module: Module, keep: ReadonlySet<Item>): readonly string[] {
  return Array.from(keep).flatMap((item) =>
    (bindingsOf(module).get(item) ?? []).flatMap(({ imported }) => (imported?.byRequire ? [imported.specifier] : [])),
  );
}
