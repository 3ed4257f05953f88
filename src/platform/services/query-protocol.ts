/** AWS Query: forms in, XML out. https://smithy.io/2.0/aws/protocols/aws-query-protocol.html */
import type { Json } from "./service.ts";

/** `A.member.1.B=x` becomes `{A: [{B: "x"}]}`. */
export function parseQuery(body: string): Json {
  const root: Record<string, unknown> = {};
  for (const [path, value] of new URLSearchParams(body)) {
    if (isSafe(path)) put(root, path.split("."), value);
  }
  return object(fold(root));
}

const object = (value: unknown): Json => (typeof value === "object" && value !== null ? (value as Json) : {});

const isSafe = (path: string): boolean => !/(?:^|\.)(?:__proto__|constructor|prototype)(?:\.|$)/.test(path);

function put(root: Record<string, unknown>, path: readonly string[], value: string): void {
  let place = root;
  for (const key of path.slice(0, -1)) {
    const next = place[key];
    const inner = typeof next === "object" && next !== null ? (next as Record<string, unknown>) : {};
    place[key] = inner;
    place = inner;
  }
  place[path.at(-1) ?? ""] = value;
}

/** Objects with the one key `member` are lists. */
function fold(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  const [first] = entries;
  if (entries.length === 1 && first?.[0] === "member") {
    return Object.entries(object(first[1]))
      .toSorted(([a], [b]) => Number(a) - Number(b))
      .map(([, item]) => fold(item));
  }
  return Object.fromEntries(entries.map(([key, inner]) => [key, fold(inner)]));
}

export function toXml(action: string, namespace: string, output: Json, requestId: string): string {
  return (
    `<${action}Response xmlns="${namespace}"><${action}Result>${members(output)}</${action}Result>` +
    `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></${action}Response>`
  );
}

export function toXmlError(code: string, message: string, namespace: string, requestId: string): string {
  return (
    `<ErrorResponse xmlns="${namespace}"><Error><Type>Sender</Type><Code>${code}</Code>` +
    `<Message>${escape(message)}</Message></Error><RequestId>${requestId}</RequestId></ErrorResponse>`
  );
}

function members(output: Json): string {
  return Object.entries(output)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `<${name}>${content(value)}</${name}>`)
    .join("");
}

function content(value: unknown): string {
  if (Array.isArray(value)) return value.map((item) => `<member>${content(item)}</member>`).join("");
  if (value instanceof Date) return value.toISOString();
  if (typeof value === "object" && value !== null) return members(value as Json);
  return escape(String(value));
}

function escape(value: string): string {
  return value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
