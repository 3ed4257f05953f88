import type { Observation } from "./observation.ts";

export interface Capture {
  /** Gives what was written since, and lets later output pass. Further calls give nothing. */
  stop(): Observation["output"];
}

type Stream = "stdout" | "stderr";

/** Takes what this process writes to its standard streams, in order, instead of writing it. */
export function captureOutput(): Capture {
  const pieces: [Stream, string][] = [];
  const restore = (["stdout", "stderr"] as const).map((name) => {
    const stream = process[name];
    const write: unknown = Reflect.get(stream, "write");
    stream.write = (chunk: Uint8Array | string, ...rest: readonly unknown[]): boolean => {
      const encoding = typeof rest[0] === "string" ? (rest[0] as BufferEncoding) : "utf8";
      const text = typeof chunk === "string" ? Buffer.from(chunk, encoding).toString() : Buffer.from(chunk).toString();
      const last = pieces.at(-1);
      if (last?.[0] === name) last[1] += text;
      else pieces.push([name, text]);
      const done = rest.find((one) => typeof one === "function") as (() => void) | undefined;
      if (done) process.nextTick(done);
      return true;
    };
    return () => {
      Reflect.set(stream, "write", write);
    };
  });
  return {
    stop: () => {
      for (const put of restore.splice(0)) put();
      return pieces.splice(0);
    },
  };
}
