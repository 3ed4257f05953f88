/** Fetches at a pause what the editor shows first, so that it needs no round trip of its own. */
import { getScope, type Inspected } from "./properties.ts";

export interface CallFrame {
  readonly functionName?: string;
  /** Node leaves it empty: filled from the script's own message. */
  url: string;
  readonly callFrameId?: string;
  readonly location: { readonly scriptId: string };
  readonly scopeChain: readonly Scope[];
}

interface Scope {
  readonly type: string;
  readonly object: { readonly objectId?: string };
  readonly startLocation?: { readonly scriptId: string; readonly lineNumber: number; readonly columnNumber?: number };
}

const MAX_OBJECTS = 60;
/** A larger scope is left out: the editor asks for it when it is opened. */
const MAX_PROPERTIES = 200;

/** Scopes that were too large once (a bundle's module scope): fetching them at every step would slow it down. */
const tooLarge = new Set<string>();

/** The variables of a frame's scopes: objectId → result of `Runtime.getProperties`, with previews. */
export async function prefetchScopes(
  frame: CallFrame | undefined,
  thread: Inspected,
): Promise<Record<string, Record<string, unknown>>> {
  const scopes = (frame?.scopeChain ?? [])
    .filter((scope) => scope.type !== "global" && !tooLarge.has(identify(scope)))
    .slice(0, MAX_OBJECTS);
  const entries = await Promise.all(scopes.map((scope) => fetchScope(scope, thread)));
  return Object.fromEntries(entries.filter((entry) => entry !== undefined));
}

async function fetchScope(scope: Scope, thread: Inspected): Promise<[string, Record<string, unknown>] | undefined> {
  const { objectId } = scope.object;
  if (objectId === undefined) return undefined;
  const properties = await getScope(thread, objectId, MAX_PROPERTIES).catch(() => undefined);
  if (properties === "too-large") tooLarge.add(identify(scope));
  return properties && properties !== "too-large" ? [objectId, { ...properties }] : undefined;
}

function identify({ type, startLocation }: Scope): string {
  return `${type}:${startLocation?.scriptId}:${startLocation?.lineNumber}:${startLocation?.columnNumber}`;
}
