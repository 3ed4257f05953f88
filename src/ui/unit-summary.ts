/** What a unit is made of and what becomes of what it does, in words. Pure. */
import type { Capture, Directive, Effect, FunctionModel, StateVariable } from "../core/function-model.ts";
import type { Unit } from "../core/unit.ts";
import { verdictLabel } from "../core/verdict-text.ts";
import { describeParameters } from "./argument-input.ts";

export interface SummaryItem {
  readonly text: string;
  /** Fainter, behind the text. */
  readonly detail?: string;
  /** A click goes there. */
  readonly place?: { readonly file: string; readonly line1: number };
}

export interface SummarySection {
  readonly title: string;
  /** Name of a codicon. */
  readonly icon: string;
  readonly items: readonly SummaryItem[];
}

export interface UnitSize {
  readonly originalLines: number;
  readonly unitLines: number;
  readonly unitBytes: number;
}

/** Sections without items are left out. `relative` shortens absolute paths for people. */
export function summarizeUnit(
  model: FunctionModel,
  unit: Unit,
  size: UnitSize,
  relative: (file: string) => string,
): readonly SummarySection[] {
  const at = (line1: number, file = model.file) => ({ file, line1 });
  const { manifest } = unit;
  const sections: readonly SummarySection[] = [
    {
      title: `${model.name} ${verdictLabel(model.verdict)}`,
      icon: "verified",
      items: [
        { text: `(${describeParameters(model)}) → ${model.returnType}`, place: at(model.nameRange.start.line0 + 1) },
        ...model.reasons.map(({ message, line }) => ({ text: message, detail: `line ${line}`, place: at(line) })),
      ],
    },
    { title: "Size", icon: "package", items: sizeItems(unit, size) },
    {
      title: "Captured values",
      icon: "symbol-variable",
      items: model.captures.map((one) => captureItem(one, relative)),
    },
    { title: "State", icon: "database", items: model.state.map((one) => stateItem(one, relative)) },
    { title: "Side effects", icon: "zap", items: effectItems(model) },
    {
      title: "Environment variables",
      icon: "settings",
      items: manifest.environment.map((text) => ({
        text,
        detail: "as set where it is deployed from; a secret only when given",
      })),
    },
    {
      title: "Packages",
      icon: "library",
      items: manifest.packages.map((text) => ({
        text,
        detail: manifest.addons.includes(text) ? "a native addon, shipped as it is" : "bundled where possible",
      })),
    },
    {
      title: "Files that it reads",
      icon: "file",
      items: (model.assets ?? []).map(({ file, line }) => ({
        text: relative(file),
        detail: `travels along (line ${line})`,
        place: at(line),
      })),
    },
    { title: "Wishes of its author", icon: "comment", items: directiveItems(model) },
    {
      title: "Files that travel, in part",
      icon: "files",
      items: unit.files.map(({ path }) => ({ text: relative(path), place: at(1, path) })),
    },
  ];
  return sections.filter(({ items }) => items.length > 0);
}

function sizeItems({ files }: Unit, { originalLines, unitLines, unitBytes }: UnitSize): readonly SummaryItem[] {
  const where = files.length === 1 ? "1 file" : `${files.length} files`;
  return [
    { text: `${unitLines} of ${originalLines} lines, ${formatBytes(unitBytes)}`, detail: `${where}, before bundling` },
  ];
}

/** `812 B`, `3.4 KiB` */
export function formatBytes(bytes: number): string {
  return bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toFixed(1)} KiB`;
}

function captureItem({ name, kind, from, line }: Capture, relative: (file: string) => string): SummaryItem {
  if (line === undefined) return { text: name, detail: `${kind} from ${from}` };
  return { text: name, detail: `${kind}, ${relative(from)}:${line}`, place: { file: from, line1: line } };
}

const treatments: Readonly<Record<StateVariable["treatment"], string>> = {
  travelling: "sent with each call and written back",
  pinned: "each sandbox has its own",
  refused: "cannot be sent",
};

function stateItem(
  { name, file, line, treatment, writes, reason }: StateVariable,
  relative: (file: string) => string,
): SummaryItem {
  const how = treatment === "travelling" && !writes ? "sent with each call" : treatments[treatment];
  return { text: `${name}: ${how}`, detail: `${reason} (${relative(file)}:${line})`, place: { file, line1: line } };
}

const handling: Readonly<Record<Effect, string>> = {
  argv: "those of the place where it runs",
  arguments: "changes come back into the caller's own objects",
  "child-process": "runs where the function runs",
  console: "printed at the caller too, in order",
  cwd: "that of the place where it runs",
  environment: "see Environment variables",
  exit: "ends the sandbox, not the caller",
  files: "those of the place where it runs",
  listens: "on the machine where it runs",
  network: "left as it is",
  process: "that of the place where it runs",
  random: "another value at each call",
  signals: "those of the sandbox",
  state: "see State",
  stdin: "that of the sandbox, which is empty",
  time: "another value at each call",
  timers: "left as they are",
};

/** Each effect with its places; those without a place of their own once. */
function effectItems({ effects, effectUses, file }: FunctionModel): readonly SummaryItem[] {
  return effects.flatMap((effect): readonly SummaryItem[] => {
    const uses = effectUses.filter((use) => use.effect === effect);
    const text = `${effect}: ${handling[effect]}`;
    if (uses.length === 0) return [{ text }];
    return uses.map(({ what, line, through }) => ({
      text,
      detail: `${what}${through.length > 0 ? ` through ${through.join(", ")}` : ""} (line ${line})`,
      place: { file, line1: line },
    }));
  });
}

function directiveItems({ directive, file }: FunctionModel): readonly SummaryItem[] {
  if (!directive) return [];
  const place = { file, line1: directive.line };
  return wishesOf(directive).map((text) => ({ text, place }));
}

function wishesOf({ memoryMb, timeoutMs, target, state, allow }: Directive): readonly string[] {
  return [
    ...(memoryMb === undefined ? [] : [`${memoryMb} MB of memory`]),
    ...(timeoutMs === undefined ? [] : [`ends after ${timeoutMs / 1000} s`]),
    ...(target === undefined ? [] : [`deployed to ${target}`]),
    ...(state === undefined ? [] : [`state is ${state}`]),
    ...(allow.length === 0 ? [] : [`may use ${allow.join(", ")}`]),
  ];
}
