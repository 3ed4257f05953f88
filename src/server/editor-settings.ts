/** The client's settings, asked for once and again when they change. Clients that have none get the defaults. */
import {
  DidChangeConfigurationNotification,
  type Connection,
  type ClientCapabilities,
} from "vscode-languageserver/node";

export interface EditorSettings {
  /** `faasify.diagnostics.enabled` for a document. */
  diagnosticsEnabled(uri: string): Promise<boolean>;
  /** Call when the client said `initialized`. `changed` is called whenever a setting may have another value. */
  watch(changed: () => void): void;
}

const section = "faasify.diagnostics.enabled";

export function createEditorSettings(
  connection: Connection,
  capabilities: () => ClientCapabilities | undefined,
): EditorSettings {
  const known = new Map<string, Promise<boolean>>();
  const ask = async (uri: string): Promise<boolean> => {
    if (capabilities()?.workspace?.configuration !== true) return true;
    try {
      const value: unknown = await connection.workspace.getConfiguration({ scopeUri: uri, section });
      return value !== false;
    } catch {
      // The connection ends, or the client has no answer: the default counts.
      return true;
    }
  };
  return {
    diagnosticsEnabled(uri) {
      const answer = known.get(uri) ?? ask(uri);
      known.set(uri, answer);
      return answer;
    },
    watch(changed) {
      connection.onDidChangeConfiguration(() => {
        known.clear();
        changed();
      });
      if (capabilities()?.workspace?.didChangeConfiguration?.dynamicRegistration !== true) return;
      void connection.client.register(DidChangeConfigurationNotification.type, { section: "faasify" });
    },
  };
}
