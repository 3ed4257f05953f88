/**
 * `node --import faasify/register app.ts`: decomposes a program while it is loaded, without writing anything beside it.
 * Functions with a directive move, or those that FAASIFY_FUNCTIONS names.
 */
import { debuglog } from "node:util";
import { isMainThread } from "node:worker_threads";
import { describeError, FaasifyError } from "../core/errors.ts";
import { findPlan } from "./find-plan.ts";
import { entryFile, loadPlanned, stripsTypes } from "./load-planned.ts";

/** Names of functions, separated by blanks or by commas outside of braces. */
function patternsIn(text: string): readonly string[] {
  return text.split(/[\s,]+(?![^{]*\})/).filter((pattern) => pattern !== "");
}

const tell = debuglog("faasify");

function register(entry: string): void {
  const plan = findPlan({
    entry,
    functions: patternsIn(process.env["FAASIFY_FUNCTIONS"] ?? ""),
    stripsTypes: stripsTypes(),
    dist: __dirname,
    target: process.env["FAASIFY_TARGET"] || "local",
  });
  for (const name of plan.moved) tell("%s moves", name);
  for (const { function: name, reason } of plan.stays) tell("%s stays: %s", name, reason);
  loadPlanned(plan, __dirname);
}

const entry = isMainThread ? entryFile(process.argv[1]) : undefined;
// Without a program there is nothing to do: `node --import faasify/register --eval …`, a prompt.
if (entry !== undefined) {
  try {
    register(entry);
  } catch (error) {
    if (!(error instanceof FaasifyError)) throw error;
    process.stderr.write(`error ${error.code}: ${describeError(error)}\n`);
    process.exit(3);
  }
}
