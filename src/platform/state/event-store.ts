/** The events that wait for their function, on disk: what was accepted is there until it is done with. */
import type { DatabaseSync } from "node:sqlite";

/** An event as it comes. */
export interface EventDraft {
  readonly requestId: string;
  readonly functionName: string;
  /** As the caller gave it: undefined, `$LATEST`, a version or an alias. */
  readonly qualifier: string | undefined;
  readonly payload: Buffer;
  /** JSON text. */
  readonly clientContext: string | undefined;
}

/** One event that was accepted. */
export interface QueuedEvent extends EventDraft {
  /** Grows. */
  readonly id: number;
  /** Milliseconds since the epoch, whole. */
  readonly acceptedMs: number;
  /** Not before this time. */
  readonly dueMs: number;
  /** How often it was tried. */
  readonly attempts: number;
}

/** Where one has read up to: events are in the order of these. */
export interface EventPosition {
  readonly dueMs: number;
  readonly id: number;
}

export interface EventStore {
  /** All of the changes or none, in one write. */
  transaction(changes: () => void): void;
  /** Accepted, and due, at `nowMs`. */
  add(draft: EventDraft, nowMs: number): QueuedEvent;
  remove(id: number): void;
  reschedule(id: number, dueMs: number, attempts: number): void;
  removeFunction(functionName: string): void;
  /** Nothing is due later than `dueMs`. */
  clampDue(dueMs: number): void;
  /** Events of one function behind a position that are due, at most `limit`. */
  readDue(
    functionName: string,
    position: EventPosition,
    due: { readonly nowMs: number; readonly limit: number },
  ): QueuedEvent[];
  /** When the first event of a function behind a position is due. */
  nextDueMs(functionName: string, position: EventPosition): number | undefined;
  /** Functions with events. */
  functionNames(): string[];
  count(): number;
}

export function createEventStore(database: DatabaseSync): EventStore {
  database.exec(TABLE);
  const insert = database.prepare(
    "INSERT INTO events (request_id, function, qualifier, payload, client_context, accepted_ms, due_ms, attempts) VALUES (?, ?, ?, ?, ?, ?, ?, 0)",
  );
  const drop = database.prepare("DELETE FROM events WHERE id = ?");
  const dropFunction = database.prepare("DELETE FROM events WHERE function = ?");
  const move = database.prepare("UPDATE events SET due_ms = ?, attempts = ? WHERE id = ?");
  const clamp = database.prepare("UPDATE events SET due_ms = ? WHERE due_ms > ?");
  return {
    transaction: (changes) => inTransaction(database, changes),
    add(draft, nowMs) {
      const { requestId, functionName, qualifier = null, payload, clientContext = null } = draft;
      const inserted = insert.run(requestId, functionName, qualifier, payload, clientContext, nowMs, nowMs);
      return { ...draft, id: Number(inserted.lastInsertRowid), acceptedMs: nowMs, dueMs: nowMs, attempts: 0 };
    },
    remove: (id) => void drop.run(id),
    reschedule: (id, dueMs, attempts) => void move.run(dueMs, attempts, id),
    removeFunction: (functionName) => void dropFunction.run(functionName),
    clampDue: (dueMs) => void clamp.run(dueMs, dueMs),
    ...createReader(database),
  };
}

const TABLE = `
  CREATE TABLE IF NOT EXISTS events (
    id INTEGER PRIMARY KEY AUTOINCREMENT, request_id TEXT NOT NULL, function TEXT NOT NULL, qualifier TEXT,
    payload BLOB NOT NULL, client_context TEXT, accepted_ms INTEGER NOT NULL, due_ms INTEGER NOT NULL,
    attempts INTEGER NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS events_due ON events (function, due_ms, id);
`;

function inTransaction(database: DatabaseSync, changes: () => void): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    changes();
    database.exec("COMMIT");
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

function createReader(database: DatabaseSync): Pick<EventStore, "readDue" | "nextDueMs" | "functionNames" | "count"> {
  const read = database.prepare(
    "SELECT * FROM events WHERE function = ? AND (due_ms, id) > (?, ?) AND due_ms <= ? ORDER BY due_ms, id LIMIT ?",
  );
  const next = database.prepare(
    "SELECT due_ms FROM events WHERE function = ? AND (due_ms, id) > (?, ?) ORDER BY due_ms, id LIMIT 1",
  );
  const names = database.prepare("SELECT DISTINCT function FROM events");
  const total = database.prepare("SELECT count(*) AS total FROM events");
  return {
    readDue: (functionName, { dueMs, id }, { nowMs, limit }) =>
      read.all(functionName, dueMs, id, nowMs, limit).map(toEvent),
    nextDueMs(functionName, { dueMs, id }) {
      const value = next.get(functionName, dueMs, id)?.["due_ms"];
      return typeof value === "number" ? value : undefined;
    },
    functionNames: () => names.all().map((row) => String(row["function"])),
    count: () => Number(total.get()?.["total"] ?? 0),
  };
}

function toEvent(row: Readonly<Record<string, unknown>>): QueuedEvent {
  const text = (column: string): string | undefined => {
    const value = row[column];
    return typeof value === "string" ? value : undefined;
  };
  return {
    id: Number(row["id"]),
    requestId: text("request_id") ?? "",
    functionName: text("function") ?? "",
    qualifier: text("qualifier"),
    payload: Buffer.from(row["payload"] as Uint8Array),
    clientContext: text("client_context"),
    acceptedMs: Number(row["accepted_ms"]),
    dueMs: Number(row["due_ms"]),
    attempts: Number(row["attempts"]),
  };
}
