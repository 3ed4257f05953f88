/** What the CORS configuration of a function URL lets a web page do. */
import type { IncomingMessage } from "node:http";
import type { UrlRecord } from "../state/function-record.ts";

type Cors = UrlRecord["cors"];

/** A browser asks before it sends: that is answered without the function. */
export function isPreflight({ method, headers }: IncomingMessage, cors: Cors): boolean {
  return (
    cors !== undefined &&
    method === "OPTIONS" &&
    headers.origin !== undefined &&
    headers["access-control-request-method"] !== undefined
  );
}

/** Name, value, name, value …; none for a page that is not allowed. */
export function corsHeaders(request: IncomingMessage, cors: Cors): string[] {
  const { origin } = request.headers;
  if (!cors || origin === undefined || !allows(cors.AllowOrigins, origin)) return [];
  const headers = ["Access-Control-Allow-Origin", origin, "Vary", "Origin"];
  const add = (name: string, values: readonly string[] | undefined): void => {
    if (values && values.length > 0) headers.push(name, values.join(","));
  };
  if (cors.AllowCredentials === true) headers.push("Access-Control-Allow-Credentials", "true");
  add("Access-Control-Expose-Headers", cors.ExposeHeaders);
  if (isPreflight(request, cors)) {
    add("Access-Control-Allow-Methods", cors.AllowMethods);
    add("Access-Control-Allow-Headers", cors.AllowHeaders);
    if (cors.MaxAge !== undefined) headers.push("Access-Control-Max-Age", String(cors.MaxAge));
  }
  return headers;
}

function allows(origins: readonly string[] | undefined, origin: string): boolean {
  return (origins ?? []).some((allowed) => {
    const pattern = allowed.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*");
    return new RegExp(`^${pattern}$`, "i").test(origin);
  });
}
