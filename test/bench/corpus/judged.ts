/** The analyzer's answer for each exported function. */
import type { Analyzer } from "../../../src/analysis/analyzer.ts";
import { FaasifyError } from "../../../src/core/errors.ts";
import { canMove, type FunctionModel } from "../../../src/core/function-model.ts";
import type { Unit } from "../../../src/core/unit.ts";
import { extractUnit } from "../../../src/transform/extract-unit.ts";
import type { ExportedName } from "./exports.ts";

/**
 * `unknown`: the analyzer does not see a function there. `crashed`: it failed in a way that nobody foresaw. `failed`:
 * it said that the function can move, and could not extract it.
 */
export type Judged =
  | { readonly kind: "unknown"; readonly definition: string }
  | { readonly kind: "crashed" | "failed"; readonly message: string }
  | { readonly kind: "refused"; readonly model: FunctionModel; readonly analysisMs: number }
  | { readonly kind: "extracted"; readonly model: FunctionModel; readonly unit: Unit; readonly analysisMs: number };

export function judge(analyzer: Analyzer, { ref, definition }: ExportedName): Judged {
  if (!ref) return { kind: "unknown", definition };
  const start = performance.now();
  try {
    const { functions, problems } = analyzer.analyzeFile(ref.file);
    const model = functions.find(({ name }) => name === ref.name);
    if (!model) {
      const crash = problems.find(({ message }) => message.includes("could not be analysed"));
      return crash ? { kind: "crashed", message: crash.message } : { kind: "unknown", definition };
    }
    if (!canMove(model.verdict)) return { kind: "refused", model, analysisMs: performance.now() - start };
    const unit = extractUnit(analyzer, ref);
    return { kind: "extracted", model, unit, analysisMs: performance.now() - start };
  } catch (error) {
    if (error instanceof FaasifyError) return { kind: "failed", message: `${error.code}: ${error.message}` };
    return { kind: "crashed", message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
