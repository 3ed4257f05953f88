import type { DebugProtocol } from "@vscode/debugprotocol";
import type { Protocol } from "devtools-protocol";
import { type Debuggee, fromClientColumn, fromClientLine } from "../debuggee.ts";
import type { Sandbox } from "../sandbox.ts";
import { CdpError } from "../cdp/cdp-client.ts";
import type { FrameHandle } from "../variables/handles.ts";
import { anySandbox, evaluateGlobally, evaluateInFrame } from "./evaluate.ts";
import { toBundleNames } from "../sources/bundle-names.ts";
import { findFrame } from "./find.ts";

type Item = DebugProtocol.CompletionItem;

/** Enough to choose from. */
const MAX_ITEMS = 500;

/** A name that can be completed to, as {@link LIST_NAMES} tells it. */
interface Member {
  readonly name: string;
  /** Prototypes between the object and the one that has it. */
  readonly depth: number;
  readonly isMethod: boolean;
}

/** All names along the prototypes, nearest first. Reads no getter. */
const LIST_NAMES = `function () {
  const members = new Map();
  for (let o = Object(this), depth = 0; o; o = Object.getPrototypeOf(o), depth++) {
    for (const name of Object.getOwnPropertyNames(o)) {
      if (members.has(name)) continue;
      const isMethod = typeof Object.getOwnPropertyDescriptor(o, name)?.value === "function";
      members.set(name, { name, depth, isMethod });
    }
  }
  return [...members.values()];
}`;

/** Members behind a dot, otherwise the variables of the frame. Evaluates nothing that could change anything. */
export async function completions(
  debuggee: Debuggee,
  { text, column, line, frameId }: DebugProtocol.CompletionsArguments,
): Promise<DebugProtocol.CompletionsResponse["body"]> {
  const lines = text.split("\n");
  const current = lines[line === undefined ? lines.length - 1 : fromClientLine(debuggee, line) - 1] ?? "";
  const before = current.slice(0, fromClientColumn(debuggee, column) - 1);
  const object = /([\w$][\w$.[\]'"]*)\.[\w$]*$/.exec(before)?.[1];
  const prefix = /[\w$]*$/.exec(before)?.[0] ?? "";
  const handle = frameId === undefined ? undefined : findFrame(debuggee, frameId);
  const fits = (name: string): boolean => name.startsWith(prefix) && /^[A-Za-z_$][\w$]*$/.test(name);
  const targets =
    object === undefined
      ? (await variableNames(handle)).filter(fits).map((label): Item => ({ label, type: "variable" }))
      : (await membersOf(debuggee, handle, object)).filter(({ name }) => fits(name)).map(toItem);
  return { targets: targets.slice(0, MAX_ITEMS) };
}

/** The object's own members first; what every object has, last. */
function toItem({ name, depth, isMethod }: Member): Item {
  const rank = name.startsWith("__") ? "z" : String(Math.min(depth, 9));
  return { label: name, type: isMethod ? "method" : "property", sortText: `${rank}${name}` };
}

async function variableNames(handle: FrameHandle | undefined): Promise<string[]> {
  if (!handle) return [];
  const { sandbox, frame } = handle;
  const scopes = frame.scopeChain
    .filter(({ type }) => type !== "global")
    .flatMap(({ object }) => object.objectId ?? []);
  const all = await Promise.all(scopes.map((objectId) => propertiesOf(sandbox, objectId)));
  return [...new Set(all.flatMap(({ result }) => result.map(({ name }) => name)))];
}

async function propertiesOf(sandbox: Sandbox, objectId: string): Promise<Protocol.Runtime.GetPropertiesResponse> {
  const ahead = sandbox.pause?.prefetched.get(objectId);
  return ahead ?? sandbox.cdp.send("Runtime.getProperties", { objectId, ownProperties: true });
}

async function membersOf(debuggee: Debuggee, handle: FrameHandle | undefined, object: string): Promise<Member[]> {
  const sandbox = handle?.sandbox ?? anySandbox(debuggee);
  try {
    const value = handle
      ? await evaluateInFrame(handle, await toBundleNames(debuggee, handle, object), "pure")
      : await evaluateGlobally(sandbox, object, "pure");
    if (value.objectId === undefined) return [];
    const { result } = await sandbox.cdp.send("Runtime.callFunctionOn", {
      objectId: value.objectId,
      functionDeclaration: LIST_NAMES,
      returnByValue: true,
      silent: true,
    });
    return Array.isArray(result.value) ? (result.value as Member[]) : [];
  } catch (error) {
    // Half-typed text rarely evaluates.
    if (error instanceof CdpError) return [];
    throw error;
  }
}
