import * as vscode from "vscode";

/** Read-only texts under `faasify-unit:`: units before they are deployed, and logs. */
export const VIRTUAL_SCHEME = "faasify-unit";

/** The editor asks again when a tab that was hidden for long is shown, so closed documents keep their text for a while. */
const keptTexts = 500;

export interface VirtualDocuments extends vscode.Disposable {
  /**
   * Puts a text at a path, in place of an older one of the same `owner`, and returns its address. The path is what the
   * user sees; its extension decides the language.
   */
  set(path: string, owner: string, text: string): vscode.Uri;
}

export function createVirtualDocuments(): VirtualDocuments {
  const texts = new Map<string, string>();
  const changed = new vscode.EventEmitter<vscode.Uri>();
  const subscription = vscode.Disposable.from(
    changed,
    vscode.workspace.registerTextDocumentContentProvider(VIRTUAL_SCHEME, {
      onDidChange: changed.event,
      provideTextDocumentContent: (uri) => texts.get(uri.toString()) ?? "",
    }),
  );
  return {
    set: (path, owner, text) => {
      const uri = vscode.Uri.file(path).with({ scheme: VIRTUAL_SCHEME, query: owner });
      const key = uri.toString();
      texts.delete(key);
      texts.set(key, text);
      for (const oldest of texts.keys()) {
        if (texts.size <= keptTexts) break;
        texts.delete(oldest);
      }
      changed.fire(uri);
      return uri;
    },
    dispose: () => subscription.dispose(),
  };
}
