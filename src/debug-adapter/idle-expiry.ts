/**
 * A session that nobody uses ends: what it has deployed holds a secret, a long time limit and, of an attached function, other
 * people's invocations. Requests and what sandboxes tell refresh the timer.
 */
import { TerminatedEvent } from "@vscode/debugadapter";
import type { Configuration, Debuggee } from "./debuggee.ts";
import { print } from "./output.ts";

const MINUTE_MS = 60_000;

/** @param end - puts the function back */
export function watchUse(debuggee: Debuggee, { expireMinutes }: Configuration, end: () => Promise<void>): void {
  clearTimeout(debuggee.expiry);
  const expire = async (): Promise<void> => {
    const what = `Nobody has used this debug session for ${expireMinutes} minutes: it ends, and the function is as it was`;
    print(debuggee, "important", `${what}. Raise expireMinutes in launch.json to keep it longer.`);
    await end();
    debuggee.notify(new TerminatedEvent());
  };
  debuggee.expiry = setTimeout(() => void expire(), expireMinutes * MINUTE_MS).unref();
}
