/** FaaSify's own paths below `/_faasify/`: see protocol/platform-info.ts. */
import { createHmac } from "node:crypto";
import { statfs } from "node:fs/promises";
import { version } from "../../core/version.ts";
import { canaryRequestSchema } from "../../protocol/canary.ts";
import { CHALLENGE_HEADER, type PlatformStatus, type PlatformUsage, proofText } from "../../protocol/platform-info.ts";
import type { Canaries } from "../canaries/canaries.ts";
import type { EventQueue } from "../events/event-queue.ts";
import { jsonReply, type Reply } from "../http/reply.ts";
import { LambdaError, unknownOperation } from "../http/lambda-error.ts";
import type { ApiRequest } from "../http/request.ts";
import type { LogBook } from "../observe/log-book.ts";
import type { Invoker } from "../runtime/invoker.ts";
import { folderBytes } from "../state/folder-bytes.ts";
import type { Catalogue } from "./catalogue.ts";
import { parseBody } from "./input.ts";
import { parseFunctionName } from "./names.ts";

export interface OwnApi {
  readonly catalogue: Catalogue;
  readonly invoker: Invoker;
  readonly logs: LogBook;
  readonly queue: EventQueue;
  readonly canaries: Canaries;
  /** Proves to a client that this is its platform. */
  readonly secret: string;
  /** Absolute path of the platform's own. */
  readonly folder: string;
  readonly idleMs: number;
  readonly maxConcurrency: number;
  /** Ends the platform once the answer is out. */
  readonly shutdown: () => void;
}

const startedAt = performance.now();
const LOG_EVENTS = 1_000;
const MIB = 1024 * 1024;

/** `segments` are those behind `_faasify`. */
export function handleOwn(api: OwnApi, request: ApiRequest, segments: readonly string[]): Reply | Promise<Reply> {
  const { method, query } = request;
  const [first, name, what] = segments;
  if (first === "functions" && name !== undefined && segments.length >= 3) {
    const record = api.catalogue.get(parseFunctionName(name));
    if (what === "canary") return handleCanary(api, request, { name: record.name, how: segments[3] });
    if (method === "GET" && what === "metrics") return jsonReply(200, metrics(api, record.name));
    if (method === "GET" && what === "logs") return jsonReply(200, { events: readLogs(api, record.name, query) });
  }
  const wanted = `${method} ${segments.join("/")}`;
  if (wanted === "GET status") return jsonReply(200, status(api, request.header(CHALLENGE_HEADER)));
  if (wanted === "GET usage") return usage(api).then((found) => jsonReply(200, found));
  if (wanted !== "POST shutdown") throw unknownOperation();
  api.shutdown();
  return jsonReply(202, {});
}

function status({ catalogue, invoker, queue, secret }: OwnApi, challenge: string | undefined): PlatformStatus {
  return {
    version,
    pid: process.pid,
    uptimeMs: Math.round(performance.now() - startedAt),
    functions: catalogue.size,
    sandboxes: invoker.sandboxes,
    running: invoker.running,
    events: queue.size,
    ...(challenge !== undefined && { proof: createHmac("sha256", secret).update(proofText(challenge)).digest("hex") }),
  };
}

async function usage({ catalogue, invoker, folder, idleMs, maxConcurrency }: OwnApi): Promise<PlatformUsage> {
  const [used, free] = await Promise.all([folderBytes(folder), freeBytes(folder)]);
  return {
    memoryMb: { platform: Math.round(process.memoryUsage.rss() / MIB), sandboxes: Math.round(invoker.memoryMb()) },
    diskBytes: { used, free },
    limits: { concurrency: maxConcurrency, reserved: catalogue.reservedConcurrency, idleMs, cpu: "shared" },
  };
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

function metrics({ invoker }: OwnApi, name: string): Record<string, unknown> {
  const found = invoker.metrics(name);
  const { invocations, errors, throttles, coldStarts } = found;
  return {
    name,
    invocations,
    errors,
    throttles,
    coldStarts,
    p50Ms: found.percentileMs(0.5),
    p95Ms: found.percentileMs(0.95),
  };
}

interface CanaryWanted {
  readonly name: string;
  readonly how: string | undefined;
}

function handleCanary({ canaries }: OwnApi, { method, body }: ApiRequest, { name, how }: CanaryWanted): Reply {
  const canary = (): Reply => jsonReply(200, { canary: canaries.find(name) });
  const wanted = how === undefined ? method : `${method} ${how}`;
  if (wanted === "PUT") canaries.start(name, parseBody(body, canaryRequestSchema));
  else if (wanted === "POST promote") canaries.end(name, "promoted");
  else if (wanted === "POST rollback") canaries.end(name, "rolled-back");
  else if (wanted !== "GET") throw unknownOperation();
  return canary();
}

function readLogs({ logs }: OwnApi, name: string, query: URLSearchParams): unknown[] {
  const sinceMs = Number(query.get("since") ?? 0);
  const limit = Number(query.get("limit") ?? LOG_EVENTS);
  if (!Number.isFinite(sinceMs) || !Number.isInteger(limit) || limit < 1) {
    throw new LambdaError(400, "ValidationException", { message: "since and limit must be numbers, limit at least 1" });
  }
  return logs.read(name, sinceMs, limit).map(({ timestampMs, message, stream }) => ({ timestampMs, message, stream }));
}
