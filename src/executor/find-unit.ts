/** The unit of a function of this program: made by another process, or the one of last time where nothing has changed. */
import { fork, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import path from "node:path";
import * as v from "valibot";
import { deserializeError, FaasifyError } from "../core/errors.ts";
import { silentLog } from "../core/log.ts";
import { version } from "../core/version.ts";
import { artifactBeside } from "../deploy/artifact-record.ts";
import { jsonFiles, type JsonFiles } from "../deploy/json-files.ts";
import { findNode, type NodeExecutable } from "../deploy/providers/local/node-executable.ts";
import { mayBeStale } from "../deploy/staleness.ts";
import type { InspectedFunction } from "./inspect-function.ts";
import { builtUnitSchema, unitReplySchema, type BuiltUnit, type UnitRequest } from "./unit-request.ts";

export interface UnitPlaces {
  /** Absolute path of the data folder. */
  readonly root: string;
  readonly artifacts: string;
  /** Absolute path of the folder with FaaSify's bundles. */
  readonly dist: string;
}

/** @throws FaasifyError `function-stays-local`, `function-not-found`, `node-missing`, and what packaging throws */
export async function findUnit(
  { file, line0, column0, source }: InspectedFunction,
  { root, artifacts, dist }: UnitPlaces,
  signal: AbortSignal,
): Promise<BuiltUnit> {
  const known = jsonFiles(path.join(root, "executor"), builtUnitSchema, silentLog);
  const key = createHash("sha256")
    .update(JSON.stringify([file, line0, column0, source]))
    .digest("hex")
    .slice(0, 32);
  const earlier = await earlierUnit(known, key);
  if (earlier) return earlier;
  const request: UnitRequest = { file, line0, column0, source, artifacts, entry: process.argv[1] };
  const built = await build(request, path.join(dist, "unit-builder.cjs"), signal);
  await known.write(key, built);
  return built;
}

async function earlierUnit(known: JsonFiles<BuiltUnit>, key: string): Promise<BuiltUnit | undefined> {
  const earlier = await known.read(key);
  if (earlier?.faasify !== version) return undefined;
  const { artifact, sources, builtAt } = earlier;
  if (await mayBeStale({ inputs: [...artifact.inputs, ...sources], deployedAt: builtAt })) return undefined;
  return (await artifactBeside(artifact.sourceMapPath)) && earlier;
}

const LIMIT_MS = 120_000;

interface Builder {
  readonly child: ChildProcess;
  /** The request in work, which the next one waits for. */
  busy: Promise<unknown>;
}

/** Lives as long as the program, and does not keep it alive. */
let running: Builder | undefined;

async function build(request: UnitRequest, bundle: string, signal: AbortSignal): Promise<BuiltUnit> {
  const builder = (running ??= startBuilder(bundle, await findNode(process.env["FAASIFY_NODE"], signal)));
  const reply = builder.busy.then(() => ask(builder.child, request, signal));
  builder.busy = reply.catch(() => undefined);
  return readReply(await reply);
}

function startBuilder(bundle: string, node: NodeExecutable): Builder {
  const child = fork(bundle, [], {
    execPath: node.path,
    // Loaders and debuggers of the program are not for it.
    execArgv: [],
    env: { ...process.env, ...node.environment, NODE_OPTIONS: "" },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const gone = (): void => {
    if (running?.child === child) running = undefined;
  };
  child.once("exit", gone).once("error", gone);
  child.unref();
  child.channel?.unref();
  return { child, busy: Promise.resolve() };
}

async function ask(child: ChildProcess, request: UnitRequest, signal: AbortSignal): Promise<unknown> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]);
  child.channel?.ref();
  try {
    child.send(request);
    return await firstMessage(child, limit);
  } catch (error) {
    // An answer that nobody waits for any more must not be taken for the next one's.
    child.kill();
    if (running?.child === child) running = undefined;
    throw error;
  } finally {
    child.channel?.unref();
  }
}

async function firstMessage(child: ChildProcess, signal: AbortSignal): Promise<unknown> {
  const settled = new AbortController();
  const until = { signal: AbortSignal.any([signal, settled.signal]) };
  const ended = once(child, "exit", until).then(([status]) => {
    throw new FaasifyError("build-failed", `The process that packages functions ended (status ${String(status)})`, {
      remedy: "Run the program again; what it wrote to standard error says more",
    });
  });
  ended.catch(() => undefined);
  try {
    const [message] = (await Promise.race([once(child, "message", until), ended])) as unknown[];
    return message;
  } finally {
    settled.abort();
  }
}

function readReply(message: unknown): BuiltUnit {
  const reply = v.parse(unitReplySchema, message);
  if ("built" in reply) return reply.built;
  throw deserializeError(reply.failure);
}
