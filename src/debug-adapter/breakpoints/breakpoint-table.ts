/** What the user asked for, file by file, and what became of it. Knows neither CDP nor DAP's wire. */
import { type OriginalPosition, pathKey } from "../sources/bundle-map.ts";

/** What a pass does: DAP's breakpoint modes. */
export const breakpointModes = ["pause", "log", "snapshot", "sample"] as const;
export type BreakpointMode = (typeof breakpointModes)[number];

/** Function breakpoints belong to no file: they are the table's under this name. */
export const FUNCTIONS = "faasify:functions";

/** As the user wrote it. */
export interface BreakpointWish {
  readonly wanted: OriginalPosition;
  /** Of a function breakpoint, whose place is wherever that function is. */
  readonly functionName?: string;
  readonly mode?: BreakpointMode;
  readonly condition?: string;
  readonly hitCondition?: string;
  readonly logMessage?: string;
}

export interface Breakpoint extends BreakpointWish {
  readonly id: number;
  /** Where V8 put it; undefined while pending. */
  bound: OriginalPosition | undefined;
  /** Why it is not bound. */
  message: string;
}

export interface BreakpointTable {
  all(): readonly Breakpoint[];
  byId(id: number): Breakpoint | undefined;
  /** For a breakpoint that is none of the table's. */
  newId(): number;
  /** Replaces all breakpoints of a file, as DAP does. What stays the same keeps its id and its state. */
  replace(file: string, wishes: readonly BreakpointWish[]): BreakpointChange;
}

export interface BreakpointChange {
  readonly current: readonly Breakpoint[];
  readonly added: readonly Breakpoint[];
  readonly removed: readonly Breakpoint[];
}

export const PENDING = "Binds when the function's code is loaded";

export function createBreakpointTable(): BreakpointTable {
  const byFile = new Map<string, readonly Breakpoint[]>();
  let lastId = 0;
  const all = () => [...byFile.values()].flat();
  return {
    all,
    newId: () => ++lastId,
    byId: (id) => all().find((breakpoint) => breakpoint.id === id),
    replace(file, wishes) {
      const removed = [...(byFile.get(pathKey(file)) ?? [])];
      const added: Breakpoint[] = [];
      const current = wishes.map((wish) => {
        const kept = takeSame(removed, wish);
        if (kept) return kept;
        const breakpoint = { ...wish, id: ++lastId, bound: undefined, message: PENDING };
        added.push(breakpoint);
        return breakpoint;
      });
      byFile.set(pathKey(file), current);
      return { current, added, removed };
    },
  };
}

function takeSame(from: Breakpoint[], wish: BreakpointWish): Breakpoint | undefined {
  const index = from.findIndex(
    (known) =>
      known.wanted.line1 === wish.wanted.line1 &&
      known.wanted.column1 === wish.wanted.column1 &&
      known.condition === wish.condition &&
      known.hitCondition === wish.hitCondition &&
      known.logMessage === wish.logMessage &&
      known.functionName === wish.functionName &&
      known.mode === wish.mode,
  );
  return index < 0 ? undefined : from.splice(index, 1)[0];
}
