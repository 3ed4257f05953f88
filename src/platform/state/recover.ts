/**
 * Opens the state; a file that is damaged is set aside, and what it had of functions is rebuilt from copies that are
 * kept beside it, one small file each.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import * as v from "valibot";
import { FaasifyError } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import type { Credentials } from "../http/signature.ts";
import { functionRecordSchema, type FunctionRecord } from "./function-record.ts";
import { openStateStore, type StateStore } from "./state-store.ts";

const STATE_FILE = "state.db";
/** More than so many damaged files are not an accident. */
const MAX_SET_ASIDE = 9;

const credentialsSchema = v.object({ accessKeyId: v.string(), secretAccessKey: v.string() });

/**
 * @throws StateLocked
 * @throws FaasifyError `platform-state-corrupt` when it happens again and again, `platform-state-not-writable`, `platform-version-mismatch`
 */
export async function openOrRebuild(folder: string, log: Log): Promise<StateStore> {
  const copies = openCopies(path.join(folder, "records"));
  try {
    const store = await openChecked(folder);
    copies.complete(store);
    return copies.follow(store);
  } catch (error) {
    if (!(error instanceof FaasifyError) || error.code !== "platform-state-corrupt") throw error;
    const aside = setAside(folder, error);
    const functions = copies.functions();
    const store = await openStateStore(folder, copies.credentials());
    for (const record of functions) store.saveFunction(record);
    log.warn(
      `${error.message}. It is set aside as ${aside}; ${functions.length} functions were rebuilt, metrics and waiting events are lost`,
    );
    copies.complete(store);
    return copies.follow(store);
  }
}

/** Records are read now: what is wrong with one of them would come up later otherwise. */
async function openChecked(folder: string): Promise<StateStore> {
  const store = await openStateStore(folder);
  try {
    store.functions();
    store.metrics();
    return store;
  } catch (error) {
    store.close();
    throw error;
  }
}

/** The file's new name. */
function setAside(folder: string, problem: FaasifyError): string {
  const file = path.join(folder, STATE_FILE);
  for (let number = 1; number <= MAX_SET_ASIDE; number += 1) {
    const aside = `${file}.damaged-${number}`;
    if (existsSync(aside)) continue;
    renameSync(file, aside);
    for (const suffix of ["-wal", "-shm"]) {
      if (existsSync(file + suffix)) renameSync(file + suffix, aside + suffix);
    }
    return aside;
  }
  throw problem;
}

interface Copies {
  functions(): FunctionRecord[];
  /** So that clients need no new ones. */
  credentials(): Credentials | undefined;
  /** Makes copies of everything, unless they are there already. */
  complete(store: StateStore): void;
  /** The store, whose changes are copied from now on. */
  follow(store: StateStore): StateStore;
}

function openCopies(folder: string): Copies {
  const functionsFolder = path.join(folder, "functions");
  const credentialsFile = path.join(folder, "credentials.json");
  const fileOf = (name: string): string => path.join(functionsFolder, `${name}.json`);
  return {
    functions: () =>
      existsSync(functionsFolder)
        ? readdirSync(functionsFolder).flatMap(
            (name) => read(path.join(functionsFolder, name), functionRecordSchema) ?? [],
          )
        : [],
    credentials: () => read(credentialsFile, credentialsSchema),
    complete(store) {
      if (!existsSync(functionsFolder)) {
        mkdirSync(functionsFolder, { recursive: true, mode: 0o700 });
        for (const record of store.functions()) write(fileOf(record.name), record);
      }
      write(credentialsFile, store.credentials);
    },
    follow: (store) => ({
      ...store,
      saveFunction(record) {
        store.saveFunction(record);
        // What counts is saved: a full disk costs the copy only.
        attempt(() => write(fileOf(record.name), record));
      },
      deleteFunction(name) {
        store.deleteFunction(name);
        attempt(() => rmSync(fileOf(name), { force: true }));
      },
    }),
  };
}

function attempt(work: () => void): void {
  try {
    work();
  } catch {
    // See the callers.
  }
}

/** Whoever sees the file sees all of it. */
function write(file: string, value: unknown): void {
  writeFileSync(`${file}.draft`, JSON.stringify(value), { mode: 0o600 });
  renameSync(`${file}.draft`, file);
}

/** Undefined for what is missing, unfinished or damaged too. */
function read<T>(file: string, schema: v.GenericSchema<unknown, T>): T | undefined {
  try {
    const result = v.safeParse(schema, JSON.parse(readFileSync(file, "utf8")));
    return result.success && file.endsWith(".json") ? result.output : undefined;
  } catch {
    return undefined;
  }
}
