/** V8's scope objects are copies made at the stop. After a change the variables themselves are asked for. */
import type { Protocol } from "devtools-protocol";
import type { PageFacts } from "../../protocol/shim-commands.ts";
import type { Container } from "./handles.ts";

type Properties = Protocol.Runtime.GetPropertiesResponse & PageFacts;

/** Unlikely to hide a variable of the user's. */
const HOLDER = "__faasifyScope";

/** @returns the same properties with the values of now; unchanged for what is no scope */
export async function refreshScope(container: Container, properties: Properties): Promise<Properties> {
  const { sandbox, frame, scopeNumber } = container;
  if (scopeNumber === undefined || !frame || frame.scopeChain[scopeNumber]?.type === "global") return properties;
  const hidden = await namesInside(container, scopeNumber);
  const names = properties.result.map(({ name }) => name).filter((name) => isIdentifier(name) && !hidden.has(name));
  if (names.length === 0) return properties;
  const { result } = await sandbox.cdp.send("Debugger.evaluateOnCallFrame", {
    callFrameId: frame.callFrameId,
    expression: readAll(names),
    silent: true,
  });
  if (result.objectId === undefined) return properties;
  const { objectId } = result;
  const request = { objectId, kind: "all", start: 0, count: names.length, isProxy: false } as const;
  const now = await sandbox.cdp.send("Faasify.getProperties", request);
  const values = new Map(now.result.map(({ name, value }) => [name, value]));
  return {
    ...properties,
    result: properties.result.map((property) => {
      const value = values.get(property.name);
      return value ? { ...property, value } : property;
    }),
  };
}

/** Variables that inner scopes of the same frame hide: their names would find the wrong ones. */
async function namesInside({ sandbox, frame }: Container, scopeNumber: number): Promise<ReadonlySet<string>> {
  const inner = (frame?.scopeChain ?? []).slice(0, scopeNumber).flatMap(({ object }) => object.objectId ?? []);
  const scopes = await Promise.all(
    inner.map((objectId) => sandbox.cdp.send("Runtime.getProperties", { objectId, ownProperties: true })),
  );
  return new Set(scopes.flatMap(({ result }) => result.map(({ name }) => name)));
}

/** A variable that is not initialised yet throws when read: it is left out, and keeps the value of the copy. */
function readAll(names: readonly string[]): string {
  const reads = names.map((name) => `try { ${HOLDER}.${name} = ${name} } catch {}`).join("\n");
  return `((${HOLDER}) => {\n${reads}\nreturn ${HOLDER}; })({})`;
}

function isIdentifier(name: string): boolean {
  return /^[A-Za-z_$][\w$]*$/.test(name) && name !== "this" && name !== "arguments";
}
