/** What to put back when debugging ends, written before anything is changed, so that a crash loses nothing. */
import { randomUUID } from "node:crypto";
import * as v from "valibot";
import type { Artifact } from "../core/artifact.ts";
import { silentLog, type Log } from "../core/log.ts";
import { artifactSchema } from "./artifact-record.ts";
import { configurationSchema, functionRefSchema, placeSchema, providerIdSchema } from "./deployment-store.ts";
import { jsonFiles } from "./json-files.ts";
import type { FunctionConfiguration } from "./provider.ts";

const entrySchema = v.object({
  /** Of the deployment that is changed. */
  name: v.string(),
  target: providerIdSchema,
  place: v.exactOptional(placeSchema),
  function: functionRefSchema,
  /** The process that debugs. */
  pid: v.number(),
  /** Tells that process from a later one with the same id. */
  instance: v.string(),
  /** Tells the sessions of one process apart. */
  session: v.string(),
  /** What was deployed; absent for a deployment of the session's own, which is removed. */
  before: v.exactOptional(v.object({ artifact: artifactSchema, configuration: configurationSchema })),
});

export interface JournalEntry extends Omit<v.InferOutput<typeof entrySchema>, "before"> {
  readonly before?: { readonly artifact: Artifact; readonly configuration: FunctionConfiguration };
}

export interface DebugJournal {
  find(name: string): Promise<JournalEntry | undefined>;
  /** @throws FaasifyError `platform-state-not-writable` */
  write(entry: Omit<JournalEntry, "pid" | "instance">): Promise<void>;
  remove(name: string): Promise<void>;
  /** The entries of processes that have ended without putting things back. */
  leftovers(): Promise<readonly JournalEntry[]>;
  /** The entries that a process has written. */
  of(pid: number): Promise<readonly JournalEntry[]>;
  /** Has the process that wrote it ended? */
  isLeftover(entry: JournalEntry): boolean;
}

const instance = randomUUID();

/** @param folder - absolute path, `journal/` of the data folder */
export function createDebugJournal(folder: string, log: Log = silentLog): DebugJournal {
  const files = jsonFiles<JournalEntry>(folder, entrySchema, log);
  return {
    find: (name) => files.read(name),
    write: (entry) => files.write(entry.name, { ...entry, pid: process.pid, instance }),
    remove: (name) => files.remove(name),
    leftovers: async () => (await files.readAll()).filter(hasEnded),
    of: async (pid) => (await files.readAll()).filter((entry) => entry.pid === pid),
    isLeftover: hasEnded,
  };
}

function hasEnded(entry: JournalEntry): boolean {
  if (entry.pid === process.pid) return entry.instance !== instance;
  try {
    process.kill(entry.pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "EPERM";
  }
}
