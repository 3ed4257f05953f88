/** The plan for the program that is about to start: the one of last time where nothing has changed, else a new one. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import * as v from "valibot";
import { deserializeError, FaasifyError } from "../core/errors.ts";
import { version } from "../core/version.ts";
import { dataFolder } from "../deploy/data-folder.ts";
import { isRecent } from "../deploy/providers/local/node-executable.ts";
import { planReplySchema, planSchema, type Plan, type PlanRequest } from "./plan.ts";

/** File systems note times down late, by up to a clock tick of the kernel. */
const MARGIN_MS = 20;
const LIMIT_MS = 300_000;

/**
 * Synchronous: it is needed before the program's first file is loaded.
 *
 * @throws FaasifyError `node-missing`, `file-not-found`, `file-not-parsed`, and what packaging throws
 */
export function findPlan(wanted: Omit<PlanRequest, "programs">): Plan {
  const key = createHash("sha256").update(JSON.stringify(wanted)).digest("hex").slice(0, 32);
  const programs = path.join(dataFolder().root, "programs", key);
  const earlier = readPlan(path.join(programs, "plan.json"));
  if (earlier && !mayHaveChanged(earlier)) return earlier;
  const made = readPlan(askPlanner({ ...wanted, programs }));
  if (made) return made;
  throw new FaasifyError("platform-state-not-writable", `The plan in ${programs} is not whole`, {
    remedy: "Delete the folder, and run the program again",
  });
}

function readPlan(file: string): Plan | undefined {
  if (!existsSync(file)) return undefined;
  const result = v.safeParse(planSchema, JSON.parse(readFileSync(file, "utf8")));
  const isWhole = result.success && result.output.faasify === version && existsSync(result.output.folder);
  return isWhole ? result.output : undefined;
}

function mayHaveChanged({ inputs, builtAt }: Plan): boolean {
  const since = Date.parse(builtAt) - MARGIN_MS;
  return inputs.some((file) => {
    const about = statSync(file, { throwIfNoEntry: false });
    return !about || Math.max(about.mtimeMs, about.ctimeMs) > since;
  });
}

/** Gives the path of the plan. */
function askPlanner(request: PlanRequest): string {
  const { status, stdout, error } = spawnSync(nodeFor(), [path.join(request.dist, "program-planner.cjs")], {
    input: JSON.stringify(request),
    encoding: "utf8",
    // Loaders of the program are not for it, and what it has to say is said here.
    env: { ...process.env, NODE_OPTIONS: "", ELECTRON_RUN_AS_NODE: "1" },
    stdio: ["pipe", "pipe", "inherit"],
    maxBuffer: 64 * 1024 * 1024,
    timeout: LIMIT_MS,
    windowsHide: true,
  });
  const reply = v.safeParse(planReplySchema, jsonOf(stdout));
  if (!reply.success) {
    const what = error?.message ?? `it ended with status ${String(status)}`;
    throw new FaasifyError("node-missing", `The program could not be planned: ${what}`, {
      remedy: "Install Node 22.13 or newer, and name it in FAASIFY_NODE",
    });
  }
  if ("plan" in reply.output) return reply.output.plan;
  throw deserializeError(reply.output.failure);
}

/** The program's own may be too old. */
function nodeFor(): string {
  const configured = process.env["FAASIFY_NODE"];
  if (configured) return configured;
  return isRecent(process.versions.node) ? process.execPath : "node";
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
