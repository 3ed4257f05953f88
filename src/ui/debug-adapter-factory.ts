import { createRequire } from "node:module";
import * as vscode from "vscode";
import type { DebugTarget } from "../debug-adapter/debug-target.ts";
import type * as DebugAdapterModule from "../debug-adapter/main.ts";
import { requireTrust } from "./trust.ts";

/**
 * Runs the debug adapter inside the extension host. Its bundle is read from disk when the first session starts.
 *
 * @param module - absolute path of dist/debug-adapter.cjs
 */
export function createAdapterFactory(
  module: string,
  target: () => Promise<DebugTarget>,
): vscode.DebugAdapterDescriptorFactory {
  return {
    async createDebugAdapterDescriptor() {
      requireTrust();
      const { createDebugAdapter } = createRequire(module)(module) as typeof DebugAdapterModule;
      return new vscode.DebugAdapterInlineImplementation(createDebugAdapter(await target()));
    },
  };
}
