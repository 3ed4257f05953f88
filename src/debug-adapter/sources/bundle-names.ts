/** The user's names ↔ the bundle's, at a frame. */
import type { Protocol } from "devtools-protocol";
import type { Debuggee } from "../debuggee.ts";
import type { Sandbox } from "../sandbox.ts";
import { mapOfScript, toOriginal } from "./locate.ts";
import { inBundleNames, type Renames } from "./renames.ts";

interface FrameOf {
  readonly sandbox: Sandbox;
  readonly frame: Protocol.Debugger.CallFrame;
}

/** What the bundler made of the names in the file that a frame is in; undefined when it kept them all. */
export function renamesAt(debuggee: Debuggee, { sandbox, frame }: FrameOf): Renames | undefined {
  const original = toOriginal(debuggee, sandbox, frame.location);
  const renames = original && mapOfScript(debuggee, sandbox, frame.location)?.namesIn(original.path).renames;
  return renames?.size ? renames : undefined;
}

/** The expression as V8 understands it. Asks the sandbox only where a name that was renamed may be a local one. */
export async function toBundleNames(debuggee: Debuggee, at: FrameOf, expression: string): Promise<string> {
  const renames = renamesAt(debuggee, at);
  if (!renames || inBundleNames(expression, renames, () => false) === expression) return expression;
  const locals = await localNames(at);
  return inBundleNames(expression, renames, (name) => locals.has(name));
}

/** Variables that hide those of the module. */
async function localNames({ sandbox, frame }: FrameOf): Promise<ReadonlySet<string>> {
  const scopes = frame.scopeChain
    .filter(({ type }) => type !== "module" && type !== "script" && type !== "global")
    .flatMap(({ object }) => object.objectId ?? []);
  const lists = await Promise.all(
    scopes.map(async (objectId) => {
      const ahead = sandbox.pause?.prefetched.get(objectId);
      return ahead ?? sandbox.cdp.send("Runtime.getProperties", { objectId, ownProperties: true });
    }),
  );
  return new Set(lists.flatMap(({ result }) => result.map(({ name }) => name)));
}
