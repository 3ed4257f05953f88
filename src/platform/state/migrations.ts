/** Brings the state file of an earlier platform up to date. A step is never changed once it was released. */
import type { DatabaseSync } from "node:sqlite";

/** Changed whenever an older platform could not read the file any more. */
export const SCHEMA_VERSION = 2;

type Step = (database: DatabaseSync) => void;

/** `steps[n]` makes format n + 1 of format n. */
const steps: Readonly<Record<number, Step>> = {
  1: (database) => changeFunctions(database, withResources),
};

export function canMigrate(from: number): boolean {
  return Number.isInteger(from) && from >= 1 && from < SCHEMA_VERSION;
}

/** All steps or none, also when it is killed half way. @throws SyntaxError if a record is not JSON */
export function migrate(database: DatabaseSync, from: number): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    for (let version = from; version < SCHEMA_VERSION; version += 1) steps[version]?.(database);
    database.prepare("UPDATE meta SET value = ? WHERE key = 'schema'").run(String(SCHEMA_VERSION));
    database.exec("COMMIT");
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}

type Json = Record<string, unknown>;

function changeFunctions(database: DatabaseSync, change: (record: Json) => Json): void {
  const put = database.prepare("UPDATE functions SET record = ? WHERE name = ?");
  for (const { name, record } of database.prepare("SELECT name, record FROM functions").all()) {
    put.run(JSON.stringify(change(JSON.parse(String(record)) as Json)), String(name));
  }
}

/** 2: aliases, concurrency, event configurations, URLs, policies and layers. */
function withResources(record: Json): Json {
  const withLayers = (version: unknown): unknown =>
    typeof version === "object" && version !== null ? { ...version, layers: [] } : version;
  const versions = Array.isArray(record["versions"]) ? record["versions"].map(withLayers) : record["versions"];
  return {
    ...record,
    latest: withLayers(record["latest"]),
    versions,
    aliases: [],
    eventConfigs: {},
    urls: {},
    policies: {},
    recursiveLoop: "Terminate",
  };
}
