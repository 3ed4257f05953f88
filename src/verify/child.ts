/**
 * One side of a verification: dist/verify-child.cjs, a process of its own. It loads the user's file, calls the function
 * with each case and says what a caller would have seen. The other side is the same with the file's copy in a decomposed
 * program, where the function runs deployed: classes, state, output and errors go the way they go for users.
 */
import { pathToFileURL } from "node:url";
import { sampleArguments } from "./arbitraries.ts";
import { ACCESSOR, installLoadHooks } from "./load-hooks.ts";
import type { CaseSource, Observation, SideMessage, SideRequest } from "./observation.ts";
import { captureOutput } from "./capture-output.ts";
import { inputText, snapshotOf } from "./snapshot.ts";

type Called = (...args: readonly unknown[]) => unknown;

process.once("message", (request) => {
  void serve(request as SideRequest).then((problem) =>
    send(problem === undefined ? { kind: "done" } : { kind: "failed", problem }, () => process.exit(0)),
  );
});
// Without its parent it has nothing to do.
process.once("disconnect", () => process.exit(0));

/** Returns why the function could not be had. */
async function serve(request: SideRequest): Promise<string | undefined> {
  const silent = captureOutput();
  try {
    const called = await load(request);
    silent.stop();
    if (typeof called === "string") return called;
    for (const [index, args] of request.sources.flatMap(casesOf).entries()) {
      const observation = await observe(called, args);
      await new Promise<void>((resolve) => send({ kind: "observed", index, observation }, resolve));
    }
    return undefined;
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  } finally {
    silent.stop();
  }
}

/** The function, bound to what it is a member of; or why there is none. What loading prints does not count. */
async function load({ file, name, paths }: SideRequest): Promise<Called | string> {
  const [first = name, ...members] = name.split(".");
  if (!installLoadHooks({ file, name: first, paths })) return "Node 22.15 or newer is needed to load it";
  const namespace = (await import(pathToFileURL(file).href)) as { readonly default?: unknown };
  const accessor = (globalThis as { readonly [ACCESSOR]?: () => unknown })[ACCESSOR];
  let owner: unknown;
  let value: unknown = first === "default" ? namespace.default : accessor?.();
  for (const member of members) {
    owner = value;
    value = (value as Readonly<Record<string, unknown>> | undefined)?.[member];
  }
  if (typeof value !== "function")
    return `${name} cannot be reached from outside ${members.length > 0 ? first : "its file"}`;
  return (...args) => Reflect.apply(value as Called, owner, args);
}

function casesOf(source: CaseSource): readonly (readonly unknown[])[] {
  // Each case has values of its own: what the function changes of one must not be seen in the next.
  return source.kind === "given" ? structuredClone(source.cases) : sampleArguments(source.parameters, source);
}

async function observe(called: Called, args: readonly unknown[]): Promise<Observation> {
  const input = inputText(args);
  const capture = captureOutput();
  let outcome: Observation["outcome"] = "returned";
  let promise = false;
  let value: unknown;
  try {
    const result = called(...args);
    promise = isThenable(result);
    value = promise ? await result : result;
  } catch (error) {
    outcome = "threw";
    value = error;
  }
  const graph = outcome === "returned" ? { result: value, arguments: args } : { error: value, arguments: args };
  const values = snapshotOf(graph);
  return { input, outcome, promise, values, output: capture.stop() };
}

const isThenable = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";

function send(message: SideMessage, sent: () => void): void {
  if (process.connected) process.send?.(message, undefined, {}, sent);
}
