import path from "node:path";
import * as vscode from "vscode";
import * as v from "valibot";
import { FaasifyError } from "../core/errors.ts";
import { canMove, type FunctionModel } from "../core/function-model.ts";
import { formatFunctionRef, parseFunctionRef, type FunctionRef } from "../core/function-ref.ts";
import { attachConfigurationSchema, launchConfigurationSchema } from "../protocol/launch-configuration.ts";
import type { Analyses } from "./analyses.ts";
import { DEBUG_TYPE } from "./debug-sessions.ts";
import { languages } from "./languages.ts";
import type { FunctionPicker } from "./pick-function.ts";
import { requireTrust } from "./trust.ts";

export interface ConfigurationSources {
  readonly picker: FunctionPicker;
  readonly analyses: Analyses;
  /** The target of the settings. */
  readonly target: () => string;
  readonly report: (command: string, error: unknown) => void;
}

/** Completes and checks `faasify` configurations. Failures are reported here and the session does not start. */
export function createConfigurationProvider(sources: ConfigurationSources): vscode.DebugConfigurationProvider {
  return {
    async resolveDebugConfiguration(_folder, configuration) {
      // F5 without a launch.json comes with an empty configuration.
      return reported(sources, () => complete(configuration, sources));
    },
    async resolveDebugConfigurationWithSubstitutedVariables(folder, configuration) {
      return reported(sources, () => check(folder, configuration, sources));
    },
  };
}

/** A configuration for each function of the active file, in the “Select debug configuration” list. */
export function createDynamicConfigurations({
  analyses,
  target,
}: ConfigurationSources): vscode.DebugConfigurationProvider {
  return {
    async provideDebugConfigurations() {
      const document = vscode.window.activeTextEditor?.document;
      if (!document || !languages.includes(document.languageId)) return [];
      const { functions } = await analyses.of(document);
      return functions
        .filter(({ verdict }) => canMove(verdict))
        .map((model) => ({
          type: DEBUG_TYPE,
          request: "launch",
          name: vscode.l10n.t("FaaSify: {0}", model.name),
          function: formatFunctionRef(model),
          target: target(),
        }));
    },
  };
}

async function reported(
  sources: ConfigurationSources,
  work: () => Promise<vscode.DebugConfiguration>,
): Promise<vscode.DebugConfiguration | undefined> {
  try {
    return await work();
  } catch (error) {
    sources.report("faasify.debugFunction", error);
    return undefined;
  }
}

async function complete(
  configuration: vscode.DebugConfiguration,
  { picker, target }: ConfigurationSources,
): Promise<vscode.DebugConfiguration> {
  requireTrust();
  const filled: vscode.DebugConfiguration = {
    ...configuration,
    type: DEBUG_TYPE,
    request: configuration.request || "launch",
  };
  filled["target"] ??= target();
  if (filled["function"] !== undefined) return { ...filled, name: configuration.name || "FaaSify" };
  const ref: FunctionRef =
    (await picker.atCursor()) ?? (await picker.pick(undefined, vscode.l10n.t("Which function shall be debugged?")));
  const name = configuration.name || vscode.l10n.t("FaaSify: {0}", ref.name);
  return { ...filled, name, function: formatFunctionRef(ref) };
}

async function check(
  folder: vscode.WorkspaceFolder | undefined,
  configuration: vscode.DebugConfiguration,
  { picker }: ConfigurationSources,
): Promise<vscode.DebugConfiguration> {
  const schema = configuration.request === "attach" ? attachConfigurationSchema : launchConfigurationSchema;
  const parsed = v.safeParse(schema, configuration);
  if (!parsed.success) throw wrongConfiguration(parsed.issues[0]);
  const absolute = async (text: string): Promise<string> => {
    const { file, name } = parseFunctionRef(text);
    const ref = { file: path.resolve(folder?.uri.fsPath ?? "", file), name };
    const model = await findFunction(ref, picker);
    if (!canMove(model.verdict)) throw staysLocal(model);
    return formatFunctionRef(ref);
  };
  const [first, ...others] = [parsed.output.function, ...parsed.output.functions];
  return {
    ...configuration,
    function: await absolute(first ?? ""),
    ...(others.length > 0 && { functions: await Promise.all(others.map(absolute)) }),
  };
}

function wrongConfiguration(issue: v.BaseIssue<unknown>): FaasifyError {
  const key = v.getDotPath(issue) ?? "";
  return new FaasifyError(
    "wrong-usage",
    vscode.l10n.t("“{0}” of the debug configuration is wrong: {1}", key, issue.message),
    {
      remedy: vscode.l10n.t("Correct it in launch.json"),
    },
  );
}

async function findFunction(ref: FunctionRef, picker: FunctionPicker): Promise<FunctionModel> {
  try {
    const model = await picker.modelOf(ref);
    if (model) return model;
  } catch (cause) {
    if (cause instanceof FaasifyError) throw cause;
    throw new FaasifyError("file-not-found", vscode.l10n.t("{0} cannot be opened", ref.file), {
      remedy: vscode.l10n.t("Correct the path in “function” of launch.json"),
      cause,
    });
  }
  throw functionNotFound(ref);
}

export function functionNotFound({ file, name }: FunctionRef): FaasifyError {
  const where = vscode.workspace.asRelativePath(file);
  return new FaasifyError("function-not-found", vscode.l10n.t("{0} has no function called {1}", where, name), {
    remedy: vscode.l10n.t("Use a name that stands in the file: name, Class.method or outer.inner"),
  });
}

/** The first reason, with its line: what the user has to look at. */
export function staysLocal({ file, name, reasons }: FunctionModel): FaasifyError {
  const [reason] = reasons;
  const why = reason
    ? vscode.l10n.t("{0} (line {1})", reason.message, reason.line)
    : vscode.l10n.t("it is an entry point");
  return new FaasifyError("function-stays-local", vscode.l10n.t("{0} cannot move: {1}", name, why), {
    remedy: vscode.l10n.t("Change that line of {0}, or choose another function", vscode.workspace.asRelativePath(file)),
  });
}
