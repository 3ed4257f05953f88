/**
 * What survives the platform: one SQLite file, locked for as long as the platform lives, so that there
 * is one platform per data folder. A change is on disk when the call returns; a `kill -9` loses nothing.
 */
import { randomBytes } from "node:crypto";
import { chmodSync, existsSync } from "node:fs";
import path from "node:path";
import type { DatabaseSync } from "node:sqlite";
import * as v from "valibot";
import { FaasifyError } from "../../core/errors.ts";
import type { Credentials } from "../http/signature.ts";
import { createEventStore, type EventStore } from "./event-store.ts";
import { functionRecordSchema, type FunctionRecord } from "./function-record.ts";
import { createMinuteStore, type MinuteStore } from "./minute-store.ts";
import { canMigrate, migrate, SCHEMA_VERSION } from "./migrations.ts";

export const metricsRecordSchema = v.object({
  invocations: v.number(),
  errors: v.number(),
  throttles: v.number(),
  coldStarts: v.number(),
  /** The latest durations in milliseconds, oldest first. */
  durationsMs: v.array(v.number()),
});

export type MetricsRecord = Readonly<v.InferOutput<typeof metricsRecordSchema>>;

export interface StateStore {
  readonly credentials: Credentials;
  /** The port that was used last. */
  readonly port: number | undefined;
  savePort(port: number): void;
  functions(): FunctionRecord[];
  saveFunction(record: FunctionRecord): void;
  /** With its metrics. */
  deleteFunction(name: string): void;
  metrics(): Map<string, MetricsRecord>;
  saveMetrics(name: string, record: MetricsRecord): void;
  readonly events: EventStore;
  readonly minutes: MinuteStore;
  /** What is not a function, such as layers and roles, by kind and key. */
  collection<T>(kind: string, schema: v.GenericSchema<unknown, T>): Collection<T>;
  close(): void;
}

/** Records of one kind on disk. */
export interface Collection<T> {
  all(): T[];
  save(key: string, record: T): void;
  delete(key: string): void;
}

/** Another process holds the state: a platform is running in this folder. */
export class StateLocked extends Error {
  override readonly name = "StateLocked";
}

/**
 * `first`: the credentials of a state that is made now.
 *
 * @throws StateLocked
 * @throws FaasifyError `platform-state-corrupt`, `platform-state-not-writable`, `platform-version-mismatch`
 */
export async function openStateStore(folder: string, first?: Credentials): Promise<StateStore> {
  const file = path.join(folder, "state.db");
  const { DatabaseSync } = await loadSqlite();
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file);
    prepare(database, file);
    return createStore(database, file, first);
  } catch (error) {
    database?.close();
    throw explain(error, file);
  }
}

/** `node:sqlite` announces that it is experimental on stderr, which is where our errors go. */
async function loadSqlite(): Promise<typeof import("node:sqlite")> {
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = (warning: string | Error, ...rest: never[]) => {
    if (!String(warning).includes("SQLite")) emitWarning(warning, ...rest);
  };
  try {
    return await import("node:sqlite");
  } catch (cause) {
    throw new FaasifyError("dependency-missing", `Node ${process.versions.node} has no SQLite`, {
      remedy: "Run the platform on Node 22.13 or later",
      cause,
    });
  } finally {
    process.emitWarning = emitWarning;
  }
}

function prepare(database: DatabaseSync, file: string): void {
  database.exec(
    "PRAGMA busy_timeout = 0; PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;",
  );
  // The first write takes the lock that locking_mode EXCLUSIVE keeps.
  database.exec(
    "BEGIN IMMEDIATE; CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT; COMMIT;",
  );
  if (existsSync(file)) chmodSync(file, 0o600);
  const check = database.prepare("PRAGMA quick_check(1)").get();
  if (check?.["quick_check"] !== "ok") throw corrupt(file, String(check?.["quick_check"]));
  const stored = database.prepare("SELECT value FROM meta WHERE key = 'schema'").get()?.["value"];
  if (stored !== undefined && stored !== String(SCHEMA_VERSION)) upgrade(database, file, String(stored));
  database.exec(`
    CREATE TABLE IF NOT EXISTS functions (name TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS metrics (name TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS resources
      (kind TEXT NOT NULL, key TEXT NOT NULL, record TEXT NOT NULL, PRIMARY KEY (kind, key)) STRICT;
    INSERT OR IGNORE INTO meta VALUES ('schema', '${SCHEMA_VERSION}');
  `);
}

function upgrade(database: DatabaseSync, file: string, stored: string): void {
  if (!canMigrate(Number(stored))) {
    throw new FaasifyError(
      "platform-version-mismatch",
      `${file} has format ${stored}, this platform reads ${SCHEMA_VERSION}`,
      { remedy: "Update FaaSify, or move the file away to start with an empty platform" },
    );
  }
  try {
    migrate(database, Number(stored));
  } catch (error) {
    throw error instanceof SyntaxError ? corrupt(file, "a record is not JSON", error) : error;
  }
}

function createStore(database: DatabaseSync, file: string, first: Credentials | undefined): StateStore {
  const getMeta = database.prepare("SELECT value FROM meta WHERE key = ?");
  const putMeta = database.prepare("INSERT OR REPLACE INTO meta VALUES (?, ?)");
  const putFunction = database.prepare("INSERT OR REPLACE INTO functions VALUES (?, ?)");
  const putMetrics = database.prepare("INSERT OR REPLACE INTO metrics VALUES (?, ?)");
  const dropFunction = database.prepare("DELETE FROM functions WHERE name = ?");
  const dropMetrics = database.prepare("DELETE FROM metrics WHERE name = ?");
  const meta = (key: string): string | undefined => getMeta.get(key)?.["value"] as string | undefined;
  const rows = <T>(table: "functions" | "metrics", schema: v.GenericSchema<unknown, T>): [string, T][] =>
    database
      .prepare(`SELECT name, record FROM ${table} ORDER BY name`)
      .all()
      .map(({ name, record }) => [String(name), parseRecord(file, String(record), schema)]);
  const credentials = {
    accessKeyId:
      meta("accessKeyId") ??
      first?.accessKeyId ??
      `FAASIFY${randomBytes(10).toString("hex").toUpperCase().slice(0, 13)}`,
    secretAccessKey: meta("secretAccessKey") ?? first?.secretAccessKey ?? randomBytes(32).toString("base64url"),
  };
  putMeta.run("accessKeyId", credentials.accessKeyId);
  putMeta.run("secretAccessKey", credentials.secretAccessKey);
  const port = Number(meta("port"));
  const minutes = createMinuteStore(database, Date.now());

  return {
    credentials,
    port: Number.isInteger(port) && port > 0 ? port : undefined,
    savePort: (value) => void putMeta.run("port", String(value)),
    functions: () => rows("functions", functionRecordSchema).map(([, record]) => record),
    saveFunction: (record) => void putFunction.run(record.name, JSON.stringify(record)),
    deleteFunction: (name) => {
      dropFunction.run(name);
      dropMetrics.run(name);
      minutes.removeFunction(name);
    },
    metrics: () => new Map(rows("metrics", metricsRecordSchema)),
    saveMetrics: (name, record) => void putMetrics.run(name, JSON.stringify(record)),
    events: createEventStore(database),
    minutes,
    collection: (kind, schema) => openCollection(database, { kind, read: (text) => parseRecord(file, text, schema) }),
    close: () => database.close(),
  };
}

interface CollectionKind<T> {
  readonly kind: string;
  readonly read: (text: string) => T;
}

function openCollection<T>(database: DatabaseSync, { kind, read }: CollectionKind<T>): Collection<T> {
  const select = database.prepare("SELECT record FROM resources WHERE kind = ? ORDER BY key");
  const put = database.prepare("INSERT OR REPLACE INTO resources VALUES (?, ?, ?)");
  const drop = database.prepare("DELETE FROM resources WHERE kind = ? AND key = ?");
  return {
    all: () => select.all(kind).map(({ record }) => read(String(record))),
    save: (key, record) => void put.run(kind, key, JSON.stringify(record)),
    delete: (key) => void drop.run(kind, key),
  };
}

function parseRecord<T>(file: string, text: string, schema: v.GenericSchema<unknown, T>): T {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw corrupt(file, "a record is not JSON", cause);
  }
  const result = v.safeParse(schema, json);
  if (!result.success) throw corrupt(file, v.summarize(result.issues).replaceAll("\n", ", "));
  return result.output;
}

/** SQLite's primary result codes: https://www.sqlite.org/rescode.html */
const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

function explain(error: unknown, file: string): unknown {
  if (error instanceof FaasifyError || !(error instanceof Error)) return error;
  if (!("errcode" in error) || typeof error.errcode !== "number") return error;
  // Extended codes carry the primary one in the low byte.
  const code = error.errcode & 0xff;
  if (code === SQLITE_BUSY || code === SQLITE_LOCKED) return new StateLocked(file, { cause: error });
  if (code === SQLITE_CORRUPT || code === SQLITE_NOTADB) return corrupt(file, error.message, error);
  return new FaasifyError("platform-state-not-writable", `${file} cannot be opened or written (${error.message})`, {
    remedy: "Make the folder writable, or name another one with --data or in FAASIFY_DATA",
    cause: error,
  });
}

function corrupt(file: string, problem: string, cause?: unknown): FaasifyError {
  return new FaasifyError("platform-state-corrupt", `${file} is damaged (${problem})`, {
    remedy: `Move it away, for example with: mv '${file}' '${file}.damaged'; deployed functions have to be deployed again`,
    cause,
  });
}
