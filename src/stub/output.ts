import type { OutputPiece, StatefulMethod } from "../protocol/invocation-event.ts";

/** Prints what the function has printed, in its order, by the program's own console and streams. */
export function replayOutput(output: readonly OutputPiece[]): void {
  for (const piece of output) replay(piece);
}

function replay(piece: OutputPiece): void {
  const [stream, text, ...more] = piece;
  if (piece[0] === "call") callConsole(piece[1], more);
  else if (stream === "stdout") process.stdout.write(text);
  else if (stream === "stderr") process.stderr.write(text);
  // By the console, which may indent (`console.group`), or be the program's own.
  else if (stream !== "call") theConsole()[stream]("%s", text.replace(/\n$/, ""));
}

function callConsole(method: StatefulMethod, texts: readonly string[]): void {
  const isGroup = method === "group" || method === "groupCollapsed";
  // A text may look like a format.
  theConsole()[method](...(isGroup && texts.length > 0 ? ["%s", ...texts] : texts));
}

function theConsole(): Pick<typeof globalThis.console, "log" | "error" | StatefulMethod> {
  return globalThis.console;
}
