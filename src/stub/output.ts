import type { OutputPiece } from "../protocol/invocation-event.ts";

/** Prints what the function has printed, in its order, by the program's own console and streams. */
export function replayOutput(output: readonly OutputPiece[]): void {
  for (const [stream, text] of output) {
    if (stream === "stdout") process.stdout.write(text);
    else if (stream === "stderr") process.stderr.write(text);
    // By the console, which may indent (`console.group`), or be the program's own.
    else theConsole()[stream]("%s", text.replace(/\n$/, ""));
  }
}

function theConsole(): Pick<typeof globalThis.console, "log" | "error"> {
  return globalThis.console;
}
