/** The services besides Lambda that its clients use: operations from a plain object to a plain object, whatever the wire format. */

export type Json = Readonly<Record<string, unknown>>;

/** Dates in the output are timestamps: each protocol has a form of its own for them. */
export type Operation = (input: Json) => Json;

export interface Service {
  /** By name, as in `Action` or behind the dot of `X-Amz-Target`. */
  readonly operations: Readonly<Record<string, Operation>>;
  readonly xmlNamespace: string;
}

/** A failure that the caller is told. */
export class ServiceError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/** What comes from a query is text, from JSON it is a number or a boolean. */
export function text(input: Json, member: string): string | undefined {
  const value = input[member];
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
}

/** @throws ServiceError ValidationError if it is missing */
export function requiredText(input: Json, member: string): string {
  const value = text(input, member);
  if (value !== undefined && value !== "") return value;
  throw new ServiceError(
    "ValidationError",
    `1 validation error detected: Value null at '${member}' failed to satisfy constraint: Member must not be null`,
  );
}

export function number(input: Json, member: string): number | undefined {
  const value = text(input, member);
  return value === undefined || value === "" || Number.isNaN(Number(value)) ? undefined : Number(value);
}

export function list(input: Json, member: string): readonly unknown[] {
  const value = input[member];
  return Array.isArray(value) ? value : [];
}

export function object(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

/** Seconds since the epoch (JSON), ISO 8601 (query) or a Date (CBOR); in milliseconds. */
export function timestampMs(input: Json, member: string): number | undefined {
  const value = input[member];
  if (value instanceof Date) return value.getTime();
  if (typeof value === "number") return value * 1000;
  const parsed = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(parsed) ? undefined : parsed;
}
