import aws4 from "aws4";
import { describe, expect, it } from "vitest";
import { createSignatureVerifier } from "../../../src/platform/http/signature.ts";

const credentials = { accessKeyId: "FAASIFYEXAMPLE000000", secretAccessKey: "a secret of some length" };
const verifier = createSignatureVerifier(credentials, "us-east-1");
const nowMs = Date.UTC(2026, 10, 23, 12, 0, 0);
const minute = 60_000;

interface Signed {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

/** Signed by another implementation than ours. */
function sign(
  change: {
    url?: string;
    body?: string;
    method?: string;
    atMs?: number;
    region?: string;
    service?: string;
    secret?: string;
  } = {},
): Signed {
  const { url = "/2015-03-31/functions", body = "", method = "POST", atMs = nowMs } = change;
  const request = aws4.sign(
    {
      host: "127.0.0.1:4000",
      path: url,
      method,
      body,
      service: change.service ?? "lambda",
      region: change.region ?? "us-east-1",
      headers: { "X-Amz-Date": new Date(atMs).toISOString().replaceAll(/[-:]|\.\d{3}/g, "") },
    },
    { ...credentials, secretAccessKey: change.secret ?? credentials.secretAccessKey },
  );
  const headers = Object.entries(request.headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]);
  return { method, url, headers: Object.fromEntries(headers) as Record<string, string>, body: Buffer.from(body) };
}

const verify = (request: Signed): string | undefined => verifier.verify(request, nowMs)?.name;

describe("a signature is accepted", () => {
  it.each([
    "/2015-03-31/functions",
    "/2015-03-31/functions/hello/invocations?Qualifier=%24LATEST",
    "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Ahello/invocations",
    "/2015-03-31/functions/?MaxItems=2&Marker=Mg%3D%3D&FunctionVersion=ALL",
    "/2017-03-31/tags/a?tagKeys=b&tagKeys=a%20c",
  ])("for %s", (url) => {
    expect(verify(sign({ url, body: '{"ü":1}' }))).toBeUndefined();
    expect(verify(sign({ url, method: "GET" }))).toBeUndefined();
  });

  it("up to 15 minutes off, on either side", () => {
    expect(verify(sign({ atMs: nowMs - 15 * minute }))).toBeUndefined();
    expect(verify(sign({ atMs: nowMs + 15 * minute }))).toBeUndefined();
  });
});

describe("a signature is refused", () => {
  it.each([
    ["with another secret", sign({ secret: "guess" }), "InvalidSignatureException"],
    ["for another region", sign({ region: "eu-west-1" }), "InvalidSignatureException"],
    ["for another service", sign({ service: "s3" }), "InvalidSignatureException"],
    ["when it is too old", sign({ atMs: nowMs - 15 * minute - 1000 }), "InvalidSignatureException"],
    ["when it is from the future", sign({ atMs: nowMs + 15 * minute + 1000 }), "InvalidSignatureException"],
    ["with another body", { ...sign({ body: "{}" }), body: Buffer.from("{ }") }, "InvalidSignatureException"],
    ["with another path", { ...sign(), url: "/2015-03-31/functions/" }, "InvalidSignatureException"],
    ["with another method", { ...sign(), method: "DELETE" }, "InvalidSignatureException"],
    ["with another query", { ...sign(), url: "/2015-03-31/functions?a=1" }, "InvalidSignatureException"],
    ["with another host", changed({ host: "127.0.0.1:5000" }), "InvalidSignatureException"],
    ["with another time", changed({ "x-amz-date": "20261123T120001Z" }), "InvalidSignatureException"],
    ["with a date that is none", changed({ "x-amz-date": "yesterday" }), "IncompleteSignatureException"],
    ["without a date", changed({ "x-amz-date": undefined }), "IncompleteSignatureException"],
    ["when it is missing", changed({ authorization: undefined }), "MissingAuthenticationTokenException"],
    ["when it is no signature", changed({ authorization: "Bearer x" }), "IncompleteSignatureException"],
    ["when it does not cover the host", altered("host;x-amz-date", "x-amz-date"), "IncompleteSignatureException"],
    [
      "when it covers a header that is not there",
      altered("host;x-amz-date", "host;x-amz-date;x-more"),
      "InvalidSignatureException",
    ],
    [
      "when it covers a header that only JavaScript knows",
      altered("host;x-amz-date", "constructor;host;x-amz-date"),
      "InvalidSignatureException",
    ],
    ["with an unknown key", altered("FAASIFYEXAMPLE", "FAASIFYEXAMPLF"), "UnrecognizedClientException"],
    [
      "when one digit of it differs",
      altered(/.$/, (digit) => (digit === "0" ? "1" : "0")),
      "InvalidSignatureException",
    ],
  ])("%s", (_why, request, expected) => {
    expect(verify(request)).toBe(expected);
  });

  it("when the body is not the one of x-amz-content-sha256", () => {
    const request = sign({ body: "{}" });
    expect(verify({ ...request, headers: { ...request.headers, "x-amz-content-sha256": "0".repeat(64) } })).toBe(
      "InvalidSignatureException",
    );
  });
});

function changed(headers: Record<string, string | undefined>): Signed {
  const request = sign({ method: "GET" });
  const merged = Object.entries({ ...request.headers, ...headers }).filter(([, value]) => value !== undefined);
  return { ...request, headers: Object.fromEntries(merged) as Record<string, string> };
}

function altered(from: string | RegExp, to: string | ((digit: string) => string)): Signed {
  const authorization = sign({ method: "GET" }).headers["authorization"] ?? "";
  return changed({ authorization: authorization.replace(from, to as string) });
}
