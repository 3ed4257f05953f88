import * as vscode from "vscode";

/** Work shorter than this is not announced: a toast that flashes disturbs more than it tells. */
const quietMs = 800;

/**
 * Runs cancellable work; shows a notification with a Cancel button once it lasts.
 *
 * @throws what `work` throws; `vscode.CancellationError` when the user cancelled
 */
export async function withProgress<T>(
  title: string,
  work: (signal: AbortSignal, report: (step: string) => void) => Promise<T>,
): Promise<T> {
  const abort = new AbortController();
  let step: string | undefined;
  let show = (message: string): void => void (step = message);
  const done = work(abort.signal, (message) => show(message));
  const settled = done.then(
    () => undefined,
    () => undefined,
  );
  const announce = setTimeout(() => {
    const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
    void vscode.window.withProgress(options, (progress, token) => {
      show = (message) => progress.report({ message });
      if (step !== undefined) show(step);
      token.onCancellationRequested(() => abort.abort(new vscode.CancellationError()));
      return settled;
    });
  }, quietMs);
  try {
    return await done;
  } catch (error) {
    throw abort.signal.aborted ? new vscode.CancellationError() : error;
  } finally {
    clearTimeout(announce);
  }
}

/** A cancellation token that follows a signal, for requests to the language server. */
export function tokenOf(signal: AbortSignal): vscode.CancellationToken {
  const source = new vscode.CancellationTokenSource();
  if (signal.aborted) source.cancel();
  else signal.addEventListener("abort", () => source.cancel(), { once: true });
  return source.token;
}
