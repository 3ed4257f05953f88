/** Compares what two sides did. Pure. */
import type { Observation, Snapshot, SnapshotNode, SnapshotValue } from "./observation.ts";

/** Where two observations part: `result.items[3].when`. */
export interface Difference {
  readonly path: string;
  readonly original: string;
  readonly deployed: string;
}

/** The first difference in the order in which a caller would notice it; undefined for equal observations. */
export function firstDifference(original: Observation, deployed: Observation): Difference | undefined {
  if (original.outcome !== deployed.outcome) {
    return { path: "outcome", original: outcomeText(original), deployed: outcomeText(deployed) };
  }
  if (original.promise !== deployed.promise) {
    return { path: "result", original: promiseText(original), deployed: promiseText(deployed) };
  }
  return graphDifference(original.values, deployed.values) ?? outputDifference(original, deployed);
}

const promiseText = ({ promise }: Observation): string => (promise ? "a promise" : "no promise");

function outcomeText({ outcome, values }: Observation): string {
  const field = rootFields(values).get(outcome === "returned" ? ".result" : ".error");
  return `${outcome} ${field === undefined ? "" : describe(values, field)}`.trim();
}

function rootFields({ root, nodes }: Snapshot): ReadonlyMap<string, SnapshotValue> {
  return new Map(typeof root === "number" ? nodes[root]?.fields : []);
}

/** What a FaasifyError says that a side has thrown: a failure of FaaSify, not of the function. */
export function foreseenFailure({ outcome, values }: Observation): Readonly<Record<string, string>> | undefined {
  const error = outcome === "threw" ? rootFields(values).get(".error") : undefined;
  const node = typeof error === "number" ? values.nodes[error] : undefined;
  if (node?.type !== "FaasifyError") return undefined;
  const texts = node.fields.flatMap(([name, value]): [string, string][] => {
    const key = /^\.(\w+)/.exec(name)?.[1];
    const text: unknown = typeof value === "string" && value.startsWith('"') ? JSON.parse(value) : undefined;
    return key !== undefined && typeof text === "string" ? [[key, text]] : [];
  });
  return Object.fromEntries(texts);
}

interface Pair {
  readonly path: string;
  readonly left: SnapshotValue;
  readonly right: SnapshotValue;
}

/** What was met: which object stands for which, and where it was met first. */
interface Met {
  readonly partnerOf: Map<number, number>;
  readonly pathOf: Map<number, string>;
}

function graphDifference(original: Snapshot, deployed: Snapshot): Difference | undefined {
  const met: Met = { partnerOf: new Map(), pathOf: new Map() };
  const todo: Pair[] = [{ path: "", left: original.root, right: deployed.root }];
  for (let pair = todo.shift(); pair; pair = todo.shift()) {
    const { path, left, right } = pair;
    if (typeof left !== "number" || typeof right !== "number") {
      if (left === right) continue;
      return { path: spoken(path), original: describe(original, left), deployed: describe(deployed, right) };
    }
    const [a, b] = [original.nodes[left], deployed.nodes[right]];
    if (met.partnerOf.get(left) === right || !a || !b) continue;
    const difference = identityDifference(met, { path, left, right }) ?? nodeDifference(original, deployed, pair);
    if (difference) return { ...difference, path: spoken(difference.path) };
    met.partnerOf.set(left, right);
    met.pathOf.set(right, path);
    todo.unshift(
      ...a.fields.map(([name, value], index) => ({
        path: path + name,
        left: value,
        right: b.fields[index]?.[1] ?? "",
      })),
    );
  }
  return undefined;
}

/** One object on one side must be one on the other. */
function identityDifference(
  { partnerOf, pathOf }: Met,
  { path, left, right }: { readonly path: string; readonly left: number; readonly right: number },
): Difference | undefined {
  if (partnerOf.has(left)) return { path, original: "the same object as elsewhere", deployed: "another object" };
  const known = pathOf.get(right);
  if (known === undefined) return undefined;
  return { path, original: "an object of its own", deployed: `the same object as ${spoken(known)}` };
}

function nodeDifference(original: Snapshot, deployed: Snapshot, { path, left, right }: Pair): Difference | undefined {
  const a = typeof left === "number" ? original.nodes[left] : undefined;
  const b = typeof right === "number" ? deployed.nodes[right] : undefined;
  if (!a || !b) return undefined;
  if (a.type !== b.type || a.text !== b.text) {
    return { path, original: describe(original, left), deployed: describe(deployed, right) };
  }
  const uneven = fieldDifference(a, b);
  return uneven && { ...uneven, path: path + uneven.path };
}

/** Names and order of properties. */
function fieldDifference(a: SnapshotNode, b: SnapshotNode): Difference | undefined {
  const names = new Set(b.fields.map(([name]) => name));
  const missing = a.fields.find(([name]) => !names.has(name));
  if (missing) return { path: missing[0], original: "there", deployed: "missing" };
  const own = new Set(a.fields.map(([name]) => name));
  const extra = b.fields.find(([name]) => !own.has(name));
  if (extra) return { path: extra[0], original: "missing", deployed: "there" };
  const index = a.fields.findIndex(([name], at) => b.fields[at]?.[0] !== name);
  if (index < 0) return undefined;
  return { path: "", original: `keys ${keysOf(a)}`, deployed: `keys ${keysOf(b)}` };
}

const keysOf = ({ fields }: SnapshotNode): string => fields.map(([name]) => name.replace(/^\./, "")).join(", ");

/** `.result.items[3]` → `result.items[3]` */
const spoken = (path: string): string => path.replace(/^\./, "") || "everything";

function describe({ nodes }: Snapshot, value: SnapshotValue): string {
  if (typeof value === "string") return value;
  const node = nodes[value];
  if (!node) return "?";
  const message = node.fields.find(([name]) => name.startsWith(".message"))?.[1];
  if (typeof message === "string") return `${node.type} ${message}`;
  return node.text === undefined ? `${article(node.type)} ${node.type}` : `${node.type} ${shortened(node.text)}`;
}

const article = (type: string): string => (/^[AEIOU]/i.test(type) ? "an" : "a");
const shortened = (text: string): string => (text.length > 80 ? `${text.slice(0, 79)}…` : text);

function outputDifference({ output: a }: Observation, { output: b }: Observation): Difference | undefined {
  const count = Math.max(a.length, b.length);
  for (let index = 0; index < count; index += 1) {
    const left = a[index];
    const right = b[index];
    if (left && right && left[0] === right[0] && left[1] === right[1]) continue;
    const stream = (left ?? right)?.[0] ?? "stdout";
    const say = (piece: typeof left): string =>
      piece ? `${piece[0] === stream ? "" : `${piece[0]} `}${shortened(JSON.stringify(piece[1]))}` : "nothing";
    return { path: stream, original: say(left), deployed: say(right) };
  }
  return undefined;
}
