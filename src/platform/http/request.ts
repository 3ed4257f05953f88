/** A request whose signature was verified, taken apart. */
import { LambdaError } from "./lambda-error.ts";

export interface ApiRequest {
  readonly method: string;
  /** Decoded segments of the path, without empty ones. */
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
  header(name: string): string | undefined;
  readonly body: Buffer;
  readonly requestId: string;
  /** `http://127.0.0.1:PORT` as the client called us. */
  readonly origin: string;
}

/** @throws LambdaError when an escape in the path is malformed */
export function splitPath(path: string): string[] {
  try {
    return path
      .split("/")
      .filter((segment) => segment !== "")
      .map(decodeURIComponent);
  } catch {
    throw new LambdaError(400, "BadRequestException", { message: "The path has a malformed escape" });
  }
}
