import { randomUUID } from "node:crypto";
import { readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import * as v from "valibot";
import { FaasifyError } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import { ensurePrivateFolder } from "./data-folder.ts";

/**
 * A folder with one JSON file per thing. Every process of the user may read and write it at any time: a file
 * appears whole or not at all.
 */
export interface JsonFiles<T> {
  /** Without what cannot be read: that is logged, with the path, and skipped. */
  readAll(): Promise<readonly T[]>;
  read(name: string): Promise<T | undefined>;
  /** @throws FaasifyError `platform-state-not-writable` */
  write(name: string, value: T): Promise<void>;
  /** Succeeds if there is none. */
  remove(name: string): Promise<void>;
}

export function jsonFiles<T>(folder: string, schema: v.GenericSchema<unknown, T>, log: Log): JsonFiles<T> {
  const fileOf = (name: string): string => path.join(folder, `${name}.json`);

  const read = async (file: string): Promise<T | undefined> => {
    let text;
    try {
      text = await readFile(file, "utf8");
    } catch (error) {
      if (!isMissing(error)) log.warn(`${file} cannot be read and is passed over`, error);
      return undefined;
    }
    const problem = (detail: string) => {
      log.warn(`${file} is damaged and is passed over (${detail}). Deploy the function again, or delete the file.`);
    };
    try {
      const result = v.safeParse(schema, JSON.parse(text));
      if (result.success) return result.output;
      problem(v.summarize(result.issues).replaceAll(/\s+/g, " "));
    } catch (error) {
      problem(String(error));
    }
    return undefined;
  };

  return {
    read: (name) => read(fileOf(name)),
    readAll: async () => {
      const names = (await listFolder(folder, log)).filter((name) => name.endsWith(".json")).toSorted();
      const values = await Promise.all(names.map((name) => read(path.join(folder, name))));
      return values.filter((value) => value !== undefined);
    },
    write: async (name, value) => {
      ensurePrivateFolder(folder);
      await writeWhole(fileOf(name), JSON.stringify(value, null, 2));
    },
    remove: (name) => rm(fileOf(name), { force: true }),
  };
}

async function listFolder(folder: string, log: Log): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (!isMissing(error)) log.warn(`${folder} cannot be read`, error);
    return [];
  }
}

async function writeWhole(file: string, text: string): Promise<void> {
  const unfinished = `${file}.${randomUUID()}.tmp`;
  try {
    await writeFile(unfinished, text, { mode: 0o600 });
    await rename(unfinished, file);
  } catch (cause) {
    await rm(unfinished, { force: true }).catch(() => undefined);
    throw new FaasifyError("platform-state-not-writable", `${file} cannot be written (${String(cause)})`, {
      remedy: "Make the folder writable and the disk not full, or name another folder in FAASIFY_DATA",
      cause,
    });
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === "ENOENT";
}
