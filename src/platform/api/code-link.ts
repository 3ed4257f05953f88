/** `Code.Location`: a link to deployed code that needs no signature of its own. */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { Reply } from "../http/reply.ts";
import type { Api } from "./api.ts";

const LINK_LIFE_MS = 10 * 60_000;
const CODE_PATH = "/_faasify/code/";

/** As a presigned link of S3: whoever has it may fetch this zip until it expires. */
export function codeLink(origin: string, codeId: string, nowMs: number, secret: string): string {
  const expiresMs = nowMs + LINK_LIFE_MS;
  return `${origin}${CODE_PATH}${codeId}?expires=${expiresMs}&signature=${linkSignature(codeId, expiresMs, secret).toString("hex")}`;
}

function linkSignature(codeId: string, expiresMs: number, secret: string): Buffer {
  return createHmac("sha256", secret).update(`code:${codeId}:${expiresMs}`).digest();
}

/** Serves a link of `Code.Location`; undefined for other paths and for links that are forged or too old. */
export function serveCodeLink(
  { code, clock, secret }: Pick<Api, "code" | "clock" | "secret">,
  url: string,
): Reply | undefined {
  if (!url.startsWith(CODE_PATH)) return undefined;
  const { pathname, searchParams } = new URL(url, "http://localhost");
  const codeId = pathname.slice(CODE_PATH.length);
  const expiresMs = Number(searchParams.get("expires"));
  const given = Buffer.from(searchParams.get("signature") ?? "", "hex");
  const expected = linkSignature(codeId, expiresMs, secret);
  const valid = given.length === expected.length && timingSafeEqual(given, expected) && expiresMs >= clock.nowMs();
  const zip = valid && /^[0-9a-f]{64}$/.test(codeId) ? code.readZip(codeId) : undefined;
  return zip && { status: 200, body: zip, contentType: "application/zip" };
}
