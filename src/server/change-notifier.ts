/** Collects files for a moment and then names them once: typing changes the same files many times a second. */
export interface ChangeNotifier {
  note(files: readonly string[]): void;
  /** Forgets what has not been sent. */
  stop(): void;
}

const quietMs = 100;

export function createChangeNotifier(send: (files: readonly string[]) => void): ChangeNotifier {
  const pending = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    timer = undefined;
    const files = Array.from(pending);
    pending.clear();
    if (files.length > 0) send(files);
  };
  return {
    note(files) {
      for (const file of files) pending.add(file);
      if (pending.size > 0) timer ??= setTimeout(flush, quietMs);
    },
    stop() {
      clearTimeout(timer);
      pending.clear();
    },
  };
}
