/** The answer of a function URL whose function writes it piece by piece. */
import type { ServerResponse } from "node:http";
import type { Outcome, ResponseSink } from "../runtime/invocation.ts";
import { readHead } from "./url-event.ts";

const HTTP_RESPONSE = "application/vnd.awslambda.http-integration-response";
/** Stands between the prelude and the body. */
const PRELUDE_END = Buffer.alloc(8);
const MAX_PRELUDE_BYTES = 1024 * 1024;

export class UrlStream implements ResponseSink {
  readonly #response: ServerResponse;
  readonly #more: readonly string[];
  /** What came of the prelude so far; undefined when there is none, or when it is through. */
  #prelude: Buffer | undefined;
  started = false;

  /** `more`: further headers: name, value, name, value … */
  constructor(response: ServerResponse, more: readonly string[]) {
    this.#response = response;
    this.#more = more;
  }

  start(contentType: string): void {
    this.started = true;
    if (contentType === HTTP_RESPONSE) this.#prelude = Buffer.alloc(0);
    else this.#writeHead(200, ["Content-Type", contentType || "application/octet-stream"]);
  }

  write(chunk: Buffer): boolean {
    const { destroyed } = this.#response;
    if (destroyed) return true;
    if (this.#prelude === undefined) return this.#response.write(chunk);
    this.#prelude = Buffer.concat([this.#prelude, chunk]);
    const end = this.#prelude.indexOf(PRELUDE_END);
    if (end !== -1) return this.#endPrelude(this.#prelude, end);
    if (this.#prelude.length > MAX_PRELUDE_BYTES) this.#response.destroy();
    return true;
  }

  onDrain(resume: () => void): void {
    this.#response.once("drain", resume);
    this.#response.once("close", resume);
  }

  /** A result that broke off ends the connection, so that nobody takes it for whole. */
  end(outcome: Outcome): void {
    if (outcome.kind === "result" && this.#prelude === undefined) this.#response.end();
    else this.#response.destroy();
  }

  #endPrelude(prelude: Buffer, end: number): boolean {
    this.#prelude = undefined;
    const head = parsePrelude(prelude.subarray(0, end));
    if (!head) {
      this.#response.destroy();
      return true;
    }
    this.#writeHead(head.status, head.headers);
    const rest = prelude.subarray(end + PRELUDE_END.length);
    return rest.length === 0 || this.#response.write(rest);
  }

  #writeHead(status: number, headers: readonly string[]): void {
    if (this.#response.destroyed) return;
    this.#response.writeHead(status, [...headers, ...this.#more]);
    this.#response.flushHeaders();
  }
}

function parsePrelude(prelude: Buffer): ReturnType<typeof readHead> {
  try {
    const json: unknown = JSON.parse(prelude.toString());
    return typeof json === "object" && json !== null ? readHead(json) : undefined;
  } catch {
    return undefined;
  }
}
