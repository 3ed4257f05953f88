import * as vscode from "vscode";
import type { FunctionRef } from "../core/function-ref.ts";
import type { Deployment } from "../deploy/provider.ts";

/** From a lens: the function. From the tree: an element that has one. From the palette: nothing, and the user is asked. */
export type FunctionTarget = FunctionRef | { readonly function: FunctionRef };

/** Every command FaaSify contributes, with its arguments. test/unit/manifest.test.ts compares it with package.json. */
export interface CommandArguments {
  "faasify.faasifyFunction": [target?: FunctionTarget];
  /** Of the active editor's selection; `name` spares the question for one. */
  "faasify.faasifySelection": [name?: string];
  /** Deploys what the preview shows, and closes it. */
  "faasify.acceptPreview": [];
  "faasify.discardPreview": [];
  "faasify.verifyFunction": [target?: FunctionTarget];
  "faasify.deployFunction": [target?: FunctionTarget];
  /** `input` spares the question for arguments: JSON text as the user would type it. */
  "faasify.invokeFunction": [target?: FunctionTarget, input?: string];
  "faasify.debugFunction": [target?: FunctionTarget, input?: string];
  "faasify.hotDeployCurrentFile": [];
  "faasify.removeFunction": [target?: FunctionTarget];
  /** `schedule` spares the question for one: a name of CodeDeploy's. */
  "faasify.startCanary": [target?: FunctionTarget, schedule?: string];
  "faasify.promoteCanary": [target?: FunctionTarget];
  "faasify.rollbackFunction": [target?: FunctionTarget];
  "faasify.showLog": [target?: FunctionTarget];
  "faasify.showReasons": [target?: FunctionTarget];
  "faasify.revealFunction": [target?: FunctionTarget];
  "faasify.openSource": [target?: FunctionTarget];
  "faasify.startPlatform": [];
  "faasify.stopPlatform": [];
  "faasify.showOutput": [];
  "faasify.showMenu": [];
  "faasify.refresh": [];
}

export type CommandId = keyof CommandArguments;

/** A handler for each command: leaving one out does not compile. */
export type CommandHandlers = {
  readonly [Id in CommandId]: (...args: CommandArguments[Id]) => Promise<void>;
};

/** Registers all commands. Handlers may throw; `report` alone decides what the user sees. */
export function registerCommands(
  handlers: CommandHandlers,
  report: (command: string, error: unknown) => void,
): vscode.Disposable {
  const untyped = handlers as Record<string, (...args: unknown[]) => Promise<void>>;
  const registrations = Object.entries(untyped).map(([id, handler]) =>
    vscode.commands.registerCommand(id, async (...args: unknown[]) => {
      try {
        await handler(...args);
      } catch (error) {
        report(id, error);
      }
    }),
  );
  return vscode.Disposable.from(...registrations);
}

/** Builds the command of a CodeLens, button or tree item with the argument types checked. */
export function commandLink<Id extends CommandId>(
  command: Id,
  title: string,
  ...args: CommandArguments[Id]
): vscode.Command {
  return { command, title, arguments: args };
}

/** The deployment that a command of the view is about: a function may have several. */
export function deploymentIn(target: unknown): Deployment | undefined {
  if (typeof target !== "object" || target === null || !("deployment" in target)) return undefined;
  return target.deployment as Deployment;
}

/** Arguments come from menus and keybindings too: whatever is no function counts as none. */
export function functionOf(target: unknown): FunctionRef | undefined {
  if (typeof target !== "object" || target === null) return undefined;
  if ("function" in target) return functionOf(target.function);
  if (!("file" in target) || !("name" in target)) return undefined;
  const { file, name } = target;
  return typeof file === "string" && typeof name === "string" ? { file, name } : undefined;
}
