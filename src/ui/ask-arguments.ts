import * as vscode from "vscode";
import { FaasifyError } from "../core/errors.ts";
import type { FunctionModel } from "../core/function-model.ts";
import { formatFunctionRef, type FunctionRef } from "../core/function-ref.ts";
import type { InvocationInput } from "../core/invocation.ts";
import { describeParameters, parseInput, sampleInput } from "./argument-input.ts";

/**
 * Asks for a function's arguments; remembers them for the next time. Asks nothing where there is nothing to
 * choose, or where `given` (JSON text) answers already.
 *
 * @throws FaasifyError `bad-arguments` if `given` cannot be read
 * @throws vscode.CancellationError when the user gives none
 */
export async function askArguments(
  model: FunctionModel,
  memory: vscode.Memento,
  given?: string,
): Promise<InvocationInput> {
  const text = given ?? (takesNothing(model) ? "[]" : await ask(model, memory));
  const parsed = parseInput(text, model, vscode.l10n);
  if (!parsed.ok) {
    throw new FaasifyError("bad-arguments", parsed.problem, {
      remedy: vscode.l10n.t("{0} takes {1}", model.name, describeParameters(model) || vscode.l10n.t("no arguments")),
    });
  }
  await memory.update(memoryKey(model), text);
  await record(parsed.input, model, memory);
  return parsed.input;
}

async function ask(model: FunctionModel, memory: vscode.Memento): Promise<string> {
  const value = memory.get<string>(memoryKey(model)) ?? sampleInput(model);
  const text = await vscode.window.showInputBox({
    title: vscode.l10n.t("Invoke {0}", model.name),
    prompt:
      model.convention === "lambda"
        ? vscode.l10n.t("The event, as JSON")
        : vscode.l10n.t("Arguments as a JSON array: {0}", describeParameters(model)),
    value,
    // Between the brackets, where the first argument is written.
    valueSelection: value.startsWith("[") ? [1, value.length - 1] : [0, value.length],
    ignoreFocusOut: true,
    validateInput: (typed) => {
      const parsed = parseInput(typed, model, vscode.l10n);
      return parsed.ok ? undefined : parsed.problem;
    },
  });
  if (text === undefined) throw new vscode.CancellationError();
  return text;
}

/** So many are kept of each function. */
const recordedInputs = 20;

/** Keeps what a function was invoked with, newest first, as payloads for “Verify equivalence”. */
async function record(input: InvocationInput, model: FunctionModel, memory: vscode.Memento): Promise<void> {
  if (input.kind !== "arguments") return;
  const text = JSON.stringify(input.arguments);
  const others = rememberedArguments(memory, model).filter((other) => other !== text);
  await memory.update(recordKey(model), [text, ...others].slice(0, recordedInputs));
}

/** JSON arrays of arguments that a function was invoked with, newest first. */
export function rememberedArguments(memory: vscode.Memento, ref: FunctionRef): readonly string[] {
  return memory.get<readonly string[]>(recordKey(ref)) ?? [];
}

const takesNothing = ({ parameters, convention }: FunctionModel): boolean =>
  convention === "plain" && parameters.length === 0;

const recordKey = (ref: FunctionRef): string => `recorded:${formatFunctionRef(ref)}`;
const memoryKey = (model: FunctionModel): string => `arguments:${formatFunctionRef(model)}`;
