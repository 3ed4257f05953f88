/** AWS Signature Version 4, the verifying side: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html */
import { createHmac, hash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { LambdaError, signatureProblem } from "./lambda-error.ts";

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface SignedRequest {
  readonly method: string;
  /** As it came: path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface SignatureVerifier {
  /**
   * What can be told before the body is here: undefined when the request claims our credentials. Whoever does not even
   * do that makes us keep nothing in memory.
   */
  refuseEarly(headers: IncomingHttpHeaders): LambdaError | undefined;
  /** Undefined when the request was signed with the credentials, for this region and service, less than 15 minutes ago. */
  verify(request: SignedRequest, nowMs: number): LambdaError | undefined;
  /** The service that the request was signed for. */
  serviceOf(headers: IncomingHttpHeaders): string;
}

interface Authorization {
  readonly accessKeyId: string;
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: string;
}

/** The service that most requests are for; those of the others are signed for these names. */
export const LAMBDA = "lambda";
const SERVICES = new Set([LAMBDA, "events", "iam", "logs", "monitoring", "scheduler", "sts"]);
const MAX_SKEW_MS = 15 * 60_000;
const EMPTY_HASH = hash("sha256", "");

export function createSignatureVerifier(
  { accessKeyId, secretAccessKey }: Credentials,
  region: string,
): SignatureVerifier {
  const authorize = createAuthorizer(accessKeyId, region);
  const readTime = createTimeReader();
  // One signing key lasts a day.
  let keys: { readonly date: string; readonly macs: Map<string, Mac> } | undefined;
  const signingKey = ({ date, service }: Authorization): Mac => {
    if (keys?.date !== date) keys = { date, macs: new Map() };
    let mac = keys.macs.get(service);
    if (!mac) {
      mac = createMac(deriveKey(secretAccessKey, date, region, service));
      keys.macs.set(service, mac);
    }
    return mac;
  };

  const claim = ({ authorization }: IncomingHttpHeaders): Authorization | LambdaError =>
    authorization === undefined
      ? signatureProblem("MissingAuthenticationTokenException", "Missing Authentication Token")
      : authorize(authorization);

  const refuseEarly = (headers: IncomingHttpHeaders): LambdaError | undefined => {
    const authorization = claim(headers);
    return authorization instanceof LambdaError ? authorization : undefined;
  };

  const verify = (request: SignedRequest, nowMs: number): LambdaError | undefined => {
    const authorization = claim(request.headers);
    if (authorization instanceof LambdaError) return authorization;
    const { authorization: header = "" } = request.headers;
    const timestamp = request.headers["x-amz-date"];
    if (typeof timestamp !== "string") {
      return signatureProblem(
        "IncompleteSignatureException",
        "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
      );
    }
    const timeProblem = checkTime({ timestamp, signedMs: readTime(timestamp), date: authorization.date, nowMs });
    if (timeProblem) return timeProblem;
    const canonical = canonicalRequest(request, authorization.signedHeaders);
    if (canonical === undefined) return mismatch();
    const scope = `${authorization.date}/${region}/${authorization.service}/aws4_request`;
    const expected = signingKey(authorization)(
      `AWS4-HMAC-SHA256\n${timestamp}\n${scope}\n${hash("sha256", canonical)}`,
    );
    const given = Buffer.from(header.slice(-SIGNATURE_DIGITS), "hex");
    return given.length === expected.length && timingSafeEqual(given, expected) ? undefined : mismatch();
  };

  const serviceOf = (headers: IncomingHttpHeaders): string => {
    const authorization = claim(headers);
    return authorization instanceof LambdaError ? LAMBDA : authorization.service;
  };

  return { refuseEarly, verify, serviceOf };
}

/** Reads and checks the header up to the signature itself: that part is the same in a client's requests of one day. */
function createAuthorizer(accessKeyId: string, region: string): (header: string) => Authorization | LambdaError {
  let known: { readonly head: string; readonly authorization: Authorization } | undefined;
  return (header) => {
    const head = header.slice(0, -SIGNATURE_DIGITS);
    if (known?.head === head && SIGNATURE.test(header.slice(-SIGNATURE_DIGITS))) return known.authorization;
    const authorization = parseAuthorization(header);
    if (typeof authorization === "string") return signatureProblem("IncompleteSignatureException", authorization);
    const problem = checkScope(authorization, accessKeyId, region);
    if (problem) return problem;
    known = { head, authorization };
    return authorization;
  };
}

function checkScope(authorization: Authorization, accessKeyId: string, region: string): LambdaError | undefined {
  if (authorization.accessKeyId !== accessKeyId) {
    return signatureProblem("UnrecognizedClientException", "The security token included in the request is invalid.");
  }
  if (authorization.region !== region) {
    return signatureProblem("InvalidSignatureException", "Credential should be scoped to a valid region. ");
  }
  if (!SERVICES.has(authorization.service)) {
    return signatureProblem(
      "InvalidSignatureException",
      `Credential should be scoped to correct service: '${LAMBDA}'. `,
    );
  }
  return undefined;
}

/** Remembers the last time read: all requests of one second carry the same. */
function createTimeReader(): (timestamp: string) => number {
  let last = { timestamp: "", signedMs: Number.NaN };
  return (timestamp) => {
    if (last.timestamp !== timestamp) last = { timestamp, signedMs: parseTime(timestamp) };
    return last.signedMs;
  };
}

function mismatch(): LambdaError {
  return signatureProblem(
    "InvalidSignatureException",
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
  );
}

function deriveKey(secret: string, date: string, region: string, service: string): Buffer {
  const mac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();
  return mac(mac(mac(mac(`AWS4${secret}`, date), region), service), "aws4_request");
}

type Mac = (text: string) => Buffer;

const BLOCK_BYTES = 64;
const HASH_BYTES = 32;

/**
 * HMAC-SHA-256 (RFC 2104) of short ASCII texts under one key of at most a block, by one-shot hashes:
 * setting up `createHmac` for every request costs several times as much as the hashing.
 */
function createMac(key: Buffer): Mac {
  const inner = Buffer.alloc(BLOCK_BYTES + 1024);
  const outer = Buffer.alloc(BLOCK_BYTES + HASH_BYTES);
  for (let index = 0; index < BLOCK_BYTES; index += 1) {
    const byte = key[index] ?? 0;
    inner[index] = byte ^ 0x36;
    outer[index] = byte ^ 0x5c;
  }
  return (text) => {
    const length = BLOCK_BYTES + inner.write(text, BLOCK_BYTES, "latin1");
    outer.set(hash("sha256", inner.subarray(0, length), "buffer"), BLOCK_BYTES);
    return hash("sha256", outer, "buffer");
  };
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256\s+Credential=([^/,\s]+)\/(\d{8})\/([^/,\s]+)\/([^/,\s]+)\/aws4_request,\s*SignedHeaders=([a-z0-9;_.-]+),\s*Signature=[0-9a-f]{64}$/;
const SIGNATURE = /^[0-9a-f]{64}$/;
const SIGNATURE_DIGITS = 64;

/** A string says what is wrong with it. */
function parseAuthorization(header: string): Authorization | string {
  const match = AUTHORIZATION.exec(header);
  if (!match) {
    const missing = ["Credential", "Signature", "SignedHeaders"].filter((name) => !header.includes(`${name}=`));
    return missing.length > 0
      ? `${missing.map((name) => `Authorization header requires '${name}' parameter. `).join("")}Authorization=${header.split(" ")[0]}`
      : "Authorization header is malformed.";
  }
  const [, accessKeyId = "", date = "", region = "", service = "", signedHeaders = ""] = match;
  const names = signedHeaders.split(";");
  if (!names.includes("host")) return "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.";
  if (!names.includes("x-amz-date")) return "'X-Amz-Date' must be a 'SignedHeader' in the AWS Authorization.";
  return { accessKeyId, date, region, service, signedHeaders };
}

/** `20261123T120000Z` in milliseconds since the epoch; NaN if it is not of that form. */
function parseTime(timestamp: string): number {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(timestamp);
  if (!match) return Number.NaN;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

interface SigningTime {
  readonly timestamp: string;
  readonly signedMs: number;
  /** Of the credential's scope. */
  readonly date: string;
  readonly nowMs: number;
}

function checkTime({ timestamp, signedMs, date, nowMs }: SigningTime): LambdaError | undefined {
  if (Number.isNaN(signedMs)) {
    return signatureProblem(
      "IncompleteSignatureException",
      `Date must be in ISO-8601 'basic format'. Got '${timestamp}'. See http://en.wikipedia.org/wiki/ISO_8601`,
    );
  }
  if (!timestamp.startsWith(date)) {
    return signatureProblem(
      "InvalidSignatureException",
      "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP",
    );
  }
  if (Math.abs(nowMs - signedMs) <= MAX_SKEW_MS) return undefined;
  const now = basicIso(nowMs);
  const message =
    signedMs < nowMs
      ? `Signature expired: ${timestamp} is now earlier than ${basicIso(nowMs - MAX_SKEW_MS)} (${now} - 15 min.)`
      : `Signature not yet current: ${timestamp} is still later than ${basicIso(nowMs + MAX_SKEW_MS)} (${now} + 15 min.)`;
  return signatureProblem("InvalidSignatureException", message);
}

function basicIso(ms: number): string {
  return new Date(ms).toISOString().replaceAll(/[-:]|\.\d{3}/g, "");
}

/** Undefined when a signed header is missing, or when the body is not the one that was hashed. */
function canonicalRequest({ method, url, headers, body }: SignedRequest, signedHeaders: string): string | undefined {
  const bodyHash = body.length === 0 ? EMPTY_HASH : hash("sha256", body);
  const claimed = headers["x-amz-content-sha256"];
  if (claimed !== undefined && claimed !== bodyHash) return undefined;
  let lines = "";
  for (const name of signedHeaders.split(";")) {
    // A client may name anything, such as `constructor`, which every object has.
    const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
    if (value === undefined) return undefined;
    const text = typeof value === "string" ? value : value.join(",");
    lines += `${name}:${text.includes("  ") ? text.trim().replaceAll(/ +/g, " ") : text.trim()}\n`;
  }
  const query = url.indexOf("?");
  const path = query === -1 ? url : url.slice(0, query);
  const canonicalQuery = query === -1 ? "" : sortQuery(url.slice(query + 1));
  return `${method}\n${encodePath(path)}\n${canonicalQuery}\n${lines}\n${signedHeaders}\n${bodyHash}`;
}

/** Every segment is encoded once more, as all services but S3 want it. */
function encodePath(path: string): string {
  return /^[\w.~/-]*$/.test(path) ? path : encode(path).replaceAll("%2F", "/");
}

function sortQuery(query: string): string {
  return query
    .split("&")
    .filter((part) => part !== "")
    .map((part) => {
      const equals = part.indexOf("=");
      const [name, value] = equals === -1 ? [part, ""] : [part.slice(0, equals), part.slice(equals + 1)];
      return `${encode(decode(name))}=${encode(decode(value))}`;
    })
    .toSorted()
    .join("&");
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}

function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}
