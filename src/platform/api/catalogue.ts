/** The functions: everything about them that is not an invocation. Memory holds them, the store makes them last. */
import { hash, randomUUID } from "node:crypto";
import type { Clock } from "../clock.ts";
import {
  functionNotFound,
  invalidParameter,
  LambdaError,
  preconditionFailed,
  requestEntityTooLarge,
  resourceConflict,
} from "../http/lambda-error.ts";
import type { CodeStore } from "../state/code-store.ts";
import {
  LATEST,
  newFunction,
  type AliasRecord,
  type FunctionRecord,
  type VersionRecord,
} from "../state/function-record.ts";
import type { StateStore } from "../state/state-store.ts";
import { requestedArn, type FunctionName } from "./names.ts";

/** Lambda's limit on a zip that comes with the request, in bytes. */
export const MAX_ZIP_BYTES = 52_428_800;

/** How many artifacts that nothing refers to any more stay on disk while the platform runs. */
const OUTDATED_CODE_KEPT = 20;

export interface CatalogueOptions {
  readonly store: StateStore;
  readonly code: CodeStore;
  readonly clock: Clock;
  /** `$LATEST` has changed. */
  readonly onChanged: (name: string, version: VersionRecord) => void;
  /** Comes before `onChanged`: live sandboxes shall go on with the new code. Gives the number of those that do. */
  readonly onSwap: (name: string, version: VersionRecord) => number;
  readonly onRemoved: (name: string) => void;
  readonly onVersionRemoved: (name: string, version: string) => void;
  /** Code that something else than a function needs. */
  readonly otherCode: () => Iterable<string>;
  readonly onReserved: (name: string, concurrency: number | undefined) => void;
}

/** Where code lies, and what is known of it. */
export type Code = Pick<VersionRecord, "codeId" | "codeSha256" | "codeBytes">;

/** What a name with a qualifier stands for. */
export interface Resolved {
  readonly record: FunctionRecord;
  readonly version: VersionRecord;
  readonly alias: AliasRecord | undefined;
}

export class Catalogue {
  readonly #options: CatalogueOptions;
  readonly #functions: Map<string, FunctionRecord>;
  /** By the id in the URL: the function and the qualifier that it is of. */
  readonly #urls = new Map<string, FunctionName>();
  /** Oldest first. */
  readonly #outdatedCode = new Set<string>();

  constructor(options: CatalogueOptions) {
    this.#options = options;
    this.#functions = new Map(options.store.functions().map((record) => [record.name, record]));
    for (const record of this.#functions.values()) this.#indexUrls(undefined, record);
    options.code.keepOnly(this.#usedCode());
  }

  /** Of all functions together. */
  get reservedConcurrency(): number {
    return this.all().reduce((sum, { reservedConcurrency = 0 }) => sum + reservedConcurrency, 0);
  }

  /** Of all versions of all functions, in bytes. */
  get codeBytes(): number {
    return this.all()
      .flatMap(({ latest, versions }) => [latest, ...versions])
      .reduce((sum, { codeBytes }) => sum + codeBytes, 0);
  }

  get size(): number {
    return this.#functions.size;
  }

  /** In any order. */
  names(): Iterable<string> {
    return this.#functions.keys();
  }

  /** In the order of their names. */
  all(): FunctionRecord[] {
    return [...this.#functions.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  find(name: string): FunctionRecord | undefined {
    return this.#functions.get(name);
  }

  /** The function behind a URL, and the qualifier that the URL is of. */
  findUrl(id: string): { readonly record: FunctionRecord; readonly qualifier: string } | undefined {
    const { name = "", qualifier = LATEST } = this.#urls.get(id) ?? {};
    const record = this.#functions.get(name);
    return record && { record, qualifier };
  }

  /** @throws LambdaError ResourceNotFoundException */
  get(wanted: FunctionName): FunctionRecord {
    const record = this.#functions.get(wanted.name);
    if (!record) throw functionNotFound(requestedArn(wanted));
    return record;
  }

  /** The version that a name stands for; of an alias with weights the main one. @throws LambdaError ResourceNotFoundException */
  resolve(wanted: FunctionName): Resolved {
    const record = this.get(wanted);
    const alias = findAlias(record, wanted.qualifier);
    const version = findVersion(record, alias?.version ?? wanted.qualifier);
    if (!version) throw functionNotFound(requestedArn(wanted));
    return { record, version, alias };
  }

  create(name: string, version: VersionRecord, tags: Readonly<Record<string, string>>): FunctionRecord {
    return this.#save(newFunction(name, version, tags));
  }

  /** @throws LambdaError ResourceConflictException */
  mustBeNew(name: string): void {
    if (this.#functions.has(name)) throw resourceConflict(`Function already exist: ${name}`);
  }

  /** Changes `$LATEST`. @throws LambdaError PreconditionFailedException for another `revisionId` than the one there is */
  update(name: string, changes: Partial<VersionRecord>): FunctionRecord {
    const record = this.get({ name, qualifier: undefined });
    const latest = { ...record.latest, ...changes, ...this.stamp() };
    return this.#save({ ...record, latest });
  }

  /** Changes the code of `$LATEST` under its live sandboxes, as far as they can go on with it: `taken` is how many do. */
  swapCode(name: string, code: Partial<VersionRecord>): { readonly record: FunctionRecord; readonly taken: number } {
    const before = this.get({ name, qualifier: undefined });
    let taken = 0;
    const latest = { ...before.latest, ...code, ...this.stamp() };
    const record = this.#save({ ...before, latest }, () => (taken = this.#options.onSwap(name, latest)));
    return { record, taken };
  }

  /** Changes what belongs to the function as a whole. */
  change(name: string, changes: Partial<FunctionRecord>): FunctionRecord {
    return this.#save({ ...this.get({ name, qualifier: undefined }), ...changes });
  }

  /** @throws LambdaError PreconditionFailedException */
  checkRevision(current: { readonly revisionId: string }, revisionId: string | undefined): void {
    if (revisionId !== undefined && revisionId !== current.revisionId) throw preconditionFailed();
  }

  /** Publishes `$LATEST`, unless the last published version is the same: then that one is returned. */
  publish(name: string, description: string | undefined): VersionRecord {
    const record = this.get({ name, qualifier: undefined });
    const last = record.versions.at(-1);
    const { latest } = record;
    if (last && samePublication(last, latest)) return last;
    const version: VersionRecord = {
      ...latest,
      ...this.stamp(),
      lastModified: latest.lastModified,
      version: String(record.nextVersion),
      description: description ?? latest.description,
    };
    this.#save({ ...record, versions: [...record.versions, version], nextVersion: record.nextVersion + 1 });
    return version;
  }

  /** Deletes the function, or only the version that the qualifier names; one that is gone already is no error. */
  remove(wanted: FunctionName): void {
    const { qualifier } = wanted;
    if (qualifier === LATEST)
      throw invalidParameter("$LATEST version cannot be deleted without deleting the function.");
    const record = this.get({ ...wanted, qualifier: undefined });
    if (qualifier === undefined) {
      this.#functions.delete(record.name);
      this.#indexUrls(record, undefined);
      this.#options.store.deleteFunction(record.name);
      this.#options.onRemoved(record.name);
      this.#dropCode([record.latest, ...record.versions]);
    } else {
      this.#removeVersion(record, qualifier);
    }
  }

  #removeVersion(record: FunctionRecord, qualifier: string): void {
    if (!/^\d+$/.test(qualifier)) {
      throw invalidParameter("Deletion of functions by alias is not currently supported.");
    }
    const users = record.aliases.filter(({ version, weights }) => version === qualifier || qualifier in weights);
    if (users.length > 0) {
      const names = users.map(({ name }) => name).join(", ");
      throw resourceConflict(`Version ${qualifier} cannot be deleted because an alias refers to it: ${names}`);
    }
    const { [qualifier]: _config, ...eventConfigs } = record.eventConfigs;
    const { [qualifier]: _policy, ...policies } = record.policies;
    const versions = record.versions.filter(({ version }) => version !== qualifier);
    this.#save({ ...record, versions, eventConfigs, policies });
    this.#options.onVersionRemoved(record.name, qualifier);
    this.#dropCode(record.versions.filter(({ version }) => version === qualifier));
  }

  /** Unpacks what a request brought. @throws LambdaError if the zip is too large or broken */
  addCode(zipFile: string | undefined, operation: string, dryRun = false): Code {
    const zip = decodeZip(zipFile, operation);
    const codeId = hash("sha256", zip);
    if (dryRun) this.#options.code.check(zip);
    else this.#options.code.add(zip, codeId);
    return { codeId, codeSha256: Buffer.from(codeId, "hex").toString("base64"), codeBytes: zip.length };
  }

  /** What every change sets. */
  stamp(): Pick<VersionRecord, "revisionId" | "lastModified"> {
    const lastModified = new Date(this.#options.clock.nowMs()).toISOString().replace("Z", "+0000");
    return { revisionId: randomUUID(), lastModified };
  }

  #save(record: FunctionRecord, beforeChange: () => void = () => {}): FunctionRecord {
    const before = this.#functions.get(record.name);
    this.#options.store.saveFunction(record);
    this.#functions.set(record.name, record);
    this.#indexUrls(before, record);
    if (before?.reservedConcurrency !== record.reservedConcurrency) {
      this.#options.onReserved(record.name, record.reservedConcurrency);
    }
    if (before?.latest.revisionId !== record.latest.revisionId) {
      beforeChange();
      this.#options.onChanged(record.name, record.latest);
      if (before) this.#dropCode([before.latest]);
    }
    return record;
  }

  #indexUrls(before: FunctionRecord | undefined, after: FunctionRecord | undefined): void {
    for (const { id } of Object.values(before?.urls ?? {})) this.#urls.delete(id);
    for (const [qualifier, { id }] of Object.entries(after?.urls ?? {})) {
      this.#urls.set(id, { name: after?.name ?? "", qualifier });
    }
  }

  #usedCode(): Set<string> {
    const used = new Set(this.#options.otherCode());
    for (const { latest, versions } of this.#functions.values()) {
      for (const version of [latest, ...versions]) for (const codeId of codeOf(version)) used.add(codeId);
    }
    return used;
  }

  /** Not at once: sandboxes that run it may load more of it. What is left goes at the next start. */
  #dropCode(versions: readonly VersionRecord[]): void {
    for (const codeId of versions.flatMap(codeOf)) this.#outdatedCode.add(codeId);
    if (this.#outdatedCode.size <= OUTDATED_CODE_KEPT) return;
    const used = this.#usedCode();
    for (const codeId of this.#outdatedCode) {
      if (this.#outdatedCode.size <= OUTDATED_CODE_KEPT) break;
      this.#outdatedCode.delete(codeId);
      if (!used.has(codeId)) this.#options.code.remove(codeId);
    }
  }
}

export function findVersion(record: FunctionRecord, qualifier: string | undefined): VersionRecord | undefined {
  if (qualifier === undefined || qualifier === LATEST) return record.latest;
  return record.versions.find(({ version }) => version === qualifier);
}

export function findAlias(record: FunctionRecord, qualifier: string | undefined): AliasRecord | undefined {
  if (qualifier === undefined || qualifier === LATEST) return undefined;
  return record.aliases.find(({ name }) => name === qualifier);
}

function samePublication(published: VersionRecord, latest: VersionRecord): boolean {
  const essence = ({ version: _v, description: _d, lastModified: _l, revisionId: _r, ...rest }: VersionRecord) =>
    JSON.stringify(Object.entries(rest).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return essence(published) === essence(latest);
}

/** Its own, and that of its layers. */
function codeOf({ codeId, layers }: VersionRecord): string[] {
  return [codeId, ...layers.map((layer) => layer.codeId)];
}

function decodeZip(zipFile: string | undefined, operation: string): Buffer {
  if (zipFile === undefined) {
    throw invalidParameter("Please provide the code as ZipFile: this platform has neither S3 nor container images.");
  }
  const zip = Buffer.from(zipFile, "base64");
  if (zip.length > MAX_ZIP_BYTES) throw requestEntityTooLarge(MAX_ZIP_BYTES, operation);
  if (zip.length === 0)
    throw new LambdaError(400, "InvalidParameterValueException", {
      Type: "User",
      message: "Uploaded file must be a non-empty zip",
    });
  return zip;
}
