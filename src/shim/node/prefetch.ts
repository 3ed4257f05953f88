/** Fetches at a pause what the editor shows first, so that it needs no round trip of its own. */

export interface CallFrame {
  /** Node leaves it empty: filled from the script's own message. */
  url: string;
  readonly location: { readonly scriptId: string };
  readonly scopeChain: readonly Scope[];
}

interface Scope {
  readonly type: string;
  readonly object: { readonly objectId?: string };
  readonly startLocation?: { readonly scriptId: string; readonly lineNumber: number; readonly columnNumber?: number };
}

type Post = (
  method: string,
  params: object,
  done: (error: Error | null, result?: { readonly result?: readonly unknown[] }) => void,
) => void;

const MAX_OBJECTS = 60;
/** A larger scope is left out: the editor asks for it when it is opened. */
const MAX_PROPERTIES = 200;

/** Scopes that were too large once (a bundle's module scope): fetching them at every step would slow it down. */
const tooLarge = new Set<string>();

/** The variables of a frame's scopes: objectId → result of `Runtime.getProperties`, with previews. */
export async function prefetchScopes(
  frame: CallFrame | undefined,
  post: Post,
): Promise<Record<string, Record<string, unknown>>> {
  const scopes = (frame?.scopeChain ?? [])
    .filter((scope) => scope.type !== "global" && !tooLarge.has(identify(scope)))
    .slice(0, MAX_OBJECTS);
  const entries = await Promise.all(scopes.map((scope) => fetchScope(scope, post)));
  return Object.fromEntries(entries.filter((entry) => entry !== undefined));
}

function fetchScope(scope: Scope, post: Post): Promise<[string, Record<string, unknown>] | undefined> {
  return new Promise((resolve) => {
    const { objectId } = scope.object;
    if (objectId === undefined) return resolve(undefined);
    post("Runtime.getProperties", { objectId, ownProperties: true, generatePreview: true }, (error, result) => {
      const properties = result?.result ?? [];
      if (properties.length > MAX_PROPERTIES) tooLarge.add(identify(scope));
      const isUsable = !error && properties.length <= MAX_PROPERTIES;
      resolve(isUsable ? [objectId, { ...result }] : undefined);
    });
  });
}

function identify({ type, startLocation }: Scope): string {
  return `${type}:${startLocation?.scriptId}:${startLocation?.lineNumber}:${startLocation?.columnNumber}`;
}
