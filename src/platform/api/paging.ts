/** Lists come in pages: `MaxItems` of the query says how long, `Marker` where the next one begins. */
import { invalidParameter, validationFailed } from "../http/lambda-error.ts";
import { constraint } from "./names.ts";

export interface PageLimits {
  /** Of a page, whatever is asked for. */
  readonly items: number;
  /** What may be asked for. */
  readonly max: number;
}

const usual: PageLimits = { items: 50, max: 10_000 };

/** `Marker` is the position of the next item, as text. */
export function page(
  items: readonly unknown[],
  query: URLSearchParams,
  key: string,
  { items: pageItems, max }: PageLimits = usual,
): Record<string, unknown> {
  const asked = query.get("MaxItems");
  const wanted = asked === null ? pageItems : checkMaxItems(asked, max);
  const start = decodeMarker(query.get("Marker"));
  const end = start + Math.min(wanted, pageItems);
  return {
    [key]: items.slice(start, end),
    ...(end < items.length ? { NextMarker: Buffer.from(String(end)).toString("base64url") } : {}),
  };
}

function checkMaxItems(text: string, max: number): number {
  const wanted = Number(text);
  if (Number.isInteger(wanted) && wanted >= 1 && wanted <= max) return wanted;
  const rule = wanted < 1 ? "greater than or equal to 1" : `less than or equal to ${max}`;
  throw validationFailed([constraint(text, "maxItems", `Member must have value ${rule}`)]);
}

function decodeMarker(marker: string | null): number {
  if (!marker) return 0;
  const start = Number(Buffer.from(marker, "base64url").toString());
  if (!Number.isInteger(start) || start < 0) throw invalidParameter("Invalid Marker");
  return start;
}
