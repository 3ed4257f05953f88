/** Program → the plan of its decomposition, with a package for each function that moves. */
import path from "node:path";
import type { Program } from "../analysis/typescript/program.ts";
import type { Artifact } from "../core/artifact.ts";
import { FaasifyError } from "../core/errors.ts";
import { formatFunctionRef, type FunctionRef } from "../core/function-ref.ts";
import type { DecompositionPlan, MovedFunction } from "../transform/decompose.ts";
import type { CliContext } from "./context.ts";

/** What packaging needs of the command line. */
export interface PackagingContext extends Pick<CliContext, "analysis" | "signal"> {
  readonly local: Pick<CliContext["local"], "platformBundle">;
}

export interface PackedPlan extends DecompositionPlan {
  readonly artifacts: ReadonlyMap<MovedFunction, Artifact>;
}

export interface Packaging {
  readonly isSelected: (ref: FunctionRef) => boolean;
  readonly unitFolder: string;
  /** Functions can talk with the program while they run, where they are deployed. */
  readonly hasChannel: boolean;
}

/** Plans anew until everything in the plan can be packaged. */
export async function packagePlan(
  context: PackagingContext,
  program: Program,
  { isSelected, unitFolder, hasChannel }: Packaging,
): Promise<PackedPlan> {
  const { planOf } = await context.analysis();
  const excluded = new Map<string, string>();
  const artifacts = new Map<string, Artifact>();
  for (;;) {
    context.signal.throwIfAborted();
    const plan = planOf(program, { isSelected, excluded, hasChannel });
    const before = excluded.size;
    for (const { ref, unit } of plan.moved) {
      const name = formatFunctionRef(ref);
      if (artifacts.has(name)) continue;
      const packed = await tryPackage(context, unit, unitFolder);
      if (typeof packed === "string") excluded.set(name, packed);
      else artifacts.set(name, packed);
    }
    if (excluded.size > before) continue;
    const found = plan.moved.flatMap((moved) => {
      const artifact = artifacts.get(formatFunctionRef(moved.ref));
      return artifact ? [[moved, artifact] as const] : [];
    });
    return { ...plan, artifacts: new Map(found) };
  }
}

const staysBecause = new Set<string>([
  "artifact-too-large",
  "asset-missing",
  "build-failed",
  "dependency-missing",
  "native-addon-unfit",
]);

/** Or why it cannot be packaged. */
async function tryPackage(
  context: PackagingContext,
  unit: MovedFunction["unit"],
  unitFolder: string,
): Promise<Artifact | string> {
  const { packageUnit } = await context.analysis();
  const shimFolder = path.join(path.dirname(context.local.platformBundle), "shim");
  try {
    return await packageUnit(unit, { debug: false, artifactFolder: path.join(unitFolder, "units"), shimFolder });
  } catch (error) {
    if (error instanceof FaasifyError && staysBecause.has(error.code)) {
      return error.message;
    }
    throw error;
  }
}
