/** Log groups that clients create, keep for a number of days and tag; those of functions are there without being created. */
import * as v from "valibot";
import type { Collection } from "../state/state-store.ts";
import { number, object, ServiceError, text, type Json } from "./service.ts";

export const logGroupSchema = v.object({
  name: v.string(),
  createdMs: v.number(),
  /** Older events are not shown. Missing: for ever. */
  retentionDays: v.optional(v.number()),
  logGroupClass: v.string(),
  tags: v.record(v.string(), v.string()),
});

export type LogGroup = Readonly<v.InferOutput<typeof logGroupSchema>>;

/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html */
const RETENTION_DAYS = new Set([
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
]);
const NAME = /^[.\-_/#A-Za-z0-9]{1,512}$/;

export class LogGroups {
  readonly #groups: Map<string, LogGroup>;
  readonly #kept: Collection<LogGroup>;

  constructor(kept: Collection<LogGroup>) {
    this.#kept = kept;
    this.#groups = new Map(kept.all().map((group) => [group.name, group]));
  }

  names(): string[] {
    return [...this.#groups.keys()];
  }

  get(name: string): LogGroup | undefined {
    return this.#groups.get(name);
  }

  /** @throws ServiceError InvalidParameterException */
  create(name: string, input: Json): void {
    if (!NAME.test(name))
      throw invalid(name, "logGroupName", `regular expression pattern: ${NAME.source.slice(1, -1)}`);
    this.#save({ ...emptyGroup(name), logGroupClass: text(input, "logGroupClass") ?? "STANDARD", tags: tagsOf(input) });
  }

  remove(name: string): void {
    this.#groups.delete(name);
    this.#kept.delete(name);
  }

  /** `undefined`: for ever. @throws ServiceError InvalidParameterException */
  retain(name: string, input: Json | undefined): void {
    const retentionDays = input && number(input, "retentionInDays");
    if (input && (retentionDays === undefined || !RETENTION_DAYS.has(retentionDays))) {
      throw invalid(
        String(input["retentionInDays"]),
        "retentionInDays",
        `enum value set: [${[...RETENTION_DAYS].join(", ")}]`,
      );
    }
    this.#save({ ...this.#known(name), retentionDays });
  }

  tag(name: string, input: Json): void {
    const group = this.#known(name);
    this.#save({ ...group, tags: { ...group.tags, ...tagsOf(input) } });
  }

  untag(name: string, keys: readonly unknown[]): void {
    const group = this.#known(name);
    this.#save({
      ...group,
      tags: Object.fromEntries(Object.entries(group.tags).filter(([key]) => !keys.includes(key))),
    });
  }

  /** A function's group is not kept before something is said of it. */
  #known(name: string): LogGroup {
    return this.#groups.get(name) ?? emptyGroup(name);
  }

  #save(group: LogGroup): void {
    this.#kept.save(group.name, group);
    this.#groups.set(group.name, group);
  }
}

function emptyGroup(name: string): LogGroup {
  return { name, createdMs: Date.now(), logGroupClass: "STANDARD", tags: {} };
}

function tagsOf(input: Json): Record<string, string> {
  return Object.fromEntries(Object.entries(object(input["tags"])).map(([key, value]) => [key, String(value)]));
}

function invalid(value: string, member: string, constraint: string): ServiceError {
  return new ServiceError(
    "InvalidParameterException",
    `1 validation error detected: Value '${value}' at '${member}' failed to satisfy constraint: Member must satisfy ${constraint}`,
  );
}
