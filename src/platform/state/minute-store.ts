/** The metrics of every minute, on disk. */
import type { DatabaseSync } from "node:sqlite";
import * as v from "valibot";
import { minuteSchema, MINUTES_KEPT, type MinuteRecord } from "../observe/minutes.ts";

export interface MinuteStore {
  save(functionName: string, series: string, minute: MinuteRecord): void;
  removeFunction(functionName: string): void;
  /** By function and series, oldest first. */
  all(): Iterable<readonly [functionName: string, series: string, minutes: readonly MinuteRecord[]]>;
}

export function createMinuteStore(database: DatabaseSync, nowMs: number): MinuteStore {
  database.exec(`
    CREATE TABLE IF NOT EXISTS minutes
      (function TEXT NOT NULL, series TEXT NOT NULL, minute INTEGER NOT NULL, record TEXT NOT NULL,
       PRIMARY KEY (function, series, minute)) STRICT;
  `);
  database.prepare("DELETE FROM minutes WHERE minute < ?").run(Math.floor(nowMs / 60_000) - MINUTES_KEPT);
  const put = database.prepare("INSERT OR REPLACE INTO minutes VALUES (?, ?, ?, ?)");
  const drop = database.prepare("DELETE FROM minutes WHERE function = ?");
  const select = database.prepare("SELECT function, series, record FROM minutes ORDER BY function, series, minute");
  return {
    save: (functionName, series, minute) => void put.run(functionName, series, minute.minute, JSON.stringify(minute)),
    removeFunction: (functionName) => void drop.run(functionName),
    all() {
      const found = new Map<string, readonly [string, string, MinuteRecord[]]>();
      for (const row of select.all()) {
        const [name, series] = [String(row["function"]), String(row["series"])];
        const key = `${name}\n${series}`;
        const entry = found.get(key) ?? [name, series, []];
        const minute = readMinute(String(row["record"]));
        if (minute) entry[2].push(minute);
        found.set(key, entry);
      }
      return found.values();
    },
  };
}

/** Statistics are not worth refusing to start for. */
function readMinute(text: string): MinuteRecord | undefined {
  try {
    const result = v.safeParse(minuteSchema, JSON.parse(text));
    return result.success ? result.output : undefined;
  } catch {
    return undefined;
  }
}
