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
import { findNode } from "../deploy/providers/local/node-executable.ts";
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

async function build(request: UnitRequest, bundle: string, signal: AbortSignal): Promise<BuiltUnit> {
  const node = await findNode(process.env["FAASIFY_NODE"], signal);
  const limit = AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]);
  const child = fork(bundle, [], {
    execPath: node.path,
    // Loaders and debuggers of the program are not for it.
    execArgv: [],
    env: { ...process.env, ...node.environment, NODE_OPTIONS: "" },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  try {
    child.send(request);
    return readReply(await firstMessage(child, limit));
  } finally {
    child.kill();
  }
}

async function firstMessage(child: ChildProcess, signal: AbortSignal): Promise<unknown> {
  const ended = once(child, "exit", { signal }).then(([status]) => {
    throw new FaasifyError("build-failed", `The process that packages functions ended (status ${String(status)})`, {
      remedy: "Run the program again; what it wrote to standard error says more",
    });
  });
  const [message] = (await Promise.race([once(child, "message", { signal }), ended])) as unknown[];
  ended.catch(() => undefined);
  return message;
}

function readReply(message: unknown): BuiltUnit {
  const reply = v.parse(unitReplySchema, message);
  if ("built" in reply) return reply.built;
  throw deserializeError(reply.failure);
}
