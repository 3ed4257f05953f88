/** A session's messages as text that is the same at every run: without ids, times and paths. */
import type { DebugProtocol } from "@vscode/debugprotocol";

/** Their numbers mean nothing beside each other. */
const IDS = new Set([
  "id",
  "frameId",
  "threadId",
  "variablesReference",
  "hitBreakpointIds",
  "dataId",
  "sourceReference",
]);
const LEFT_OUT = new Set(["seq", "request_seq", "moduleId", "memoryReference", "version", "symbolFilePath"]);

/** @param folder - of the debugged project */
export function transcriptOf(messages: readonly DebugProtocol.ProtocolMessage[], folder: string): string {
  const numbers = new Map<string, string>();
  const lines: string[] = [];
  /** Events overtake answers, and each other: between two requests they stand in the order of their texts. */
  let events: string[] = [];
  for (const message of messages.filter((each) => !isLeftOut(each))) {
    const { kind, what, value } = partsOf(message);
    const line = `${what} ${JSON.stringify(normalised(value, "", numbers)).replaceAll(folder, "<folder>")}`;
    if (kind === "event") {
      events.push(line);
      continue;
    }
    if (kind !== "answer") {
      lines.push(...new Set(events.toSorted()));
      events = [];
    }
    lines.push(...(kind === "stop" ? ["", line] : [line]));
  }
  return `${[...lines, ...new Set(events.toSorted())].join("\n")}\n`;
}

/** What other tests look at, and every version changes. */
function isLeftOut(message: DebugProtocol.ProtocolMessage): boolean {
  const { type, event, command } = message as Partial<DebugProtocol.Event & DebugProtocol.Response>;
  return event === "module" || event === "loadedSource" || (type === "response" && command === "initialize");
}

interface Parts {
  readonly kind: "event" | "stop" | "request" | "answer";
  readonly what: string;
  readonly value: unknown;
}

function partsOf(message: DebugProtocol.ProtocolMessage): Parts {
  if (message.type === "event") {
    const { event, body } = message as DebugProtocol.Event;
    return { kind: event === "stopped" ? "stop" : "event", what: `event ${event}`, value: body ?? {} };
  }
  if (message.type === "request") {
    const { command, arguments: args } = message as DebugProtocol.Request;
    return { kind: "request", what: `> ${command}`, value: args ?? {} };
  }
  const { command, success, body } = message as DebugProtocol.Response;
  return { kind: "answer", what: `< ${command}${success ? "" : " failed"}`, value: body ?? {} };
}

function normalised(value: unknown, key: string, numbers: Map<string, string>): unknown {
  if (IDS.has(key) && typeof value === "number") return value === 0 ? 0 : numberOf(String(value), numbers);
  if (typeof value === "string") return withoutTimes(value);
  if (Array.isArray(value)) return value.map((member) => normalised(member, key, numbers));
  if (typeof value !== "object" || value === null) return value;
  // The shim, the calling convention and Node: their names and places change with each version.
  if ("presentationHint" in value && value.presentationHint === "subtle") return "(not the user's)";
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !LEFT_OUT.has(name))
      .map(([name, member]) => [name, normalised(member, name, numbers)]),
  );
}

function numberOf(id: string, numbers: Map<string, string>): string {
  const known = numbers.get(id) ?? `#${numbers.size + 1}`;
  numbers.set(id, known);
  return known;
}

function withoutTimes(text: string): string {
  return text
    .replace(/\b[\d.]+ ms\b/g, "N ms")
    .replace(/, cold start/g, "")
    .replace(/ · \d+ (?:s|min) left/g, " · N left")
    .replace(/· [0-9a-f-]{8}\b/g, "· REQUEST")
    .replace(/\b[0-9a-f]{16}\b/g, "BUILD");
}
