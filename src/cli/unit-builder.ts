/**
 * Makes the unit of one function of a running program: dist/unit-builder.cjs, a process of its own, as TypeScript's
 * compiler takes time to read and a newer Node than the program's may be needed.
 */
import { createRequire } from "node:module";
import path from "node:path";
import { serializeError } from "../core/errors.ts";
import type { UnitRequest } from "../executor/unit-request.ts";
import type * as analysisBundle from "./analysis-main.ts";
import { keepCompiled } from "./keep-compiled.ts";

/** One after the other: each changes what the analyzer is told of a file. */
let before: Promise<unknown> = Promise.resolve();

process.on("message", (request) => {
  before = before.then(async () => process.send?.(await answer(request as UnitRequest)));
});
// Without its parent it has nothing to do.
process.once("disconnect", () => process.exit(0));

keepCompiled();

async function answer(request: UnitRequest): Promise<object> {
  try {
    const { buildUnitAt } = createRequire(__filename)(
      path.join(__dirname, "cli-analysis.cjs"),
    ) as typeof analysisBundle;
    return { built: await buildUnitAt(request, path.join(__dirname, "shim")) };
  } catch (error) {
    return { failure: serializeError(error) };
  }
}
