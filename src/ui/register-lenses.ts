import * as vscode from "vscode";
import type { Lens } from "../codelens/lenses.ts";
import { createLensProvider } from "../codelens/provider.ts";
import type { Analyses } from "./analyses.ts";
import { commandLink } from "./commands.ts";
import type { DebugSessions } from "./debug-sessions.ts";
import type { FunctionStates } from "./function-states.ts";
import { languages } from "./languages.ts";

export interface LensOptions {
  readonly analyses: Analyses;
  readonly states: FunctionStates;
  readonly sessions: DebugSessions;
  /** Lenses are a view: what fails is shown where the user asks for something. */
  readonly logOnly: (error: unknown) => void;
}

/** Shows the lenses and keeps them up to date. */
export function registerLenses({ analyses, states, sessions, logOnly }: LensOptions): vscode.Disposable {
  const changed = new vscode.EventEmitter<void>();
  const fire = (): void => changed.fire();
  const provider = createLensProvider({
    onDidChange: changed.event,
    stateOf: (ref) => ({ ...states.stateOf(ref), debugged: sessions.has(ref) }),
    enabled: ({ uri }) => vscode.workspace.getConfiguration("faasify", uri).get("codeLens.enabled") !== false,
    commandOf: toCommand,
    analysisOf: async (document) => {
      try {
        return await analyses.of(document);
      } catch (error) {
        logOnly(error);
        return analyses.latest(document.uri.fsPath);
      }
    },
  });
  return vscode.Disposable.from(
    changed,
    states.onDidChange(fire),
    sessions.onDidChange(fire),
    analyses.onDidChange(fire),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("faasify.codeLens")) fire();
    }),
    vscode.languages.registerCodeLensProvider(
      languages.map((language) => ({ scheme: "file", language })),
      provider,
    ),
  );
}

function toCommand({ action, title, tooltip, function: model }: Lens): vscode.Command {
  const ref = { file: model.file, name: model.name };
  switch (action) {
    case "faasify":
      return { ...commandLink("faasify.faasifyFunction", title, ref), tooltip };
    case "deploy":
      return { ...commandLink("faasify.deployFunction", title, ref), tooltip };
    case "invoke":
      return { ...commandLink("faasify.invokeFunction", title, ref), tooltip };
    case "reasons":
      return { ...commandLink("faasify.showReasons", title, ref), tooltip };
    case "reveal":
      return { ...commandLink("faasify.revealFunction", title, ref), tooltip };
    case "result":
      return { ...commandLink("faasify.showOutput", title), tooltip };
    case "console":
      return { command: "workbench.debug.action.toggleRepl", title, tooltip };
    case "none":
      return { command: "", title };
  }
}
