/** What an operation answers. */
export interface Reply {
  readonly status: number;
  readonly body: Buffer | string;
  /** Besides Content-Type, Content-Length and x-amzn-RequestId: name, value, name, value … */
  readonly headers?: readonly string[];
  /** `application/json` unless given. */
  readonly contentType?: string;
}

export function jsonReply(status: number, value: unknown): Reply {
  return { status, body: JSON.stringify(value) };
}

export const emptyReply = (status: number): Reply => ({ status, body: "" });
