import { readFileSync } from "node:fs";
import path from "node:path";
import { CreateFunctionCommand, waitUntilFunctionActiveV2 } from "@aws-sdk/client-lambda";
import aws4 from "aws4";
import { zipSync } from "fflate";
import { StepError } from "../../../scripts/lib/run.ts";
import type { LoadRequest } from "../lib/load.ts";
import { startOwnPlatform, type OwnPlatform } from "../lib/own-platform.ts";
import { answers, payload, type Contestant } from "./contestants.ts";

/** Ours: the platform's Lambda API with every request signed, the function created by the official AWS client. */
export async function startFaasify(): Promise<Contestant> {
  const platform = await startOwnPlatform();
  try {
    const contestant = await startFaasifyOn(platform);
    return { ...contestant, [Symbol.asyncDispose]: () => platform[Symbol.asyncDispose]() };
  } catch (error) {
    await platform[Symbol.asyncDispose]();
    throw error;
  }
}

/** The same on a platform of the caller's, who also ends it. */
export async function startFaasifyOn(platform: OwnPlatform): Promise<Contestant> {
  await createHello(platform);
  if (!(await answers(signedRequest(platform)))) throw new StepError("The local platform does not answer as it should");
  return {
    name: "FaaSify, Lambda API, signed",
    pid: platform.info.pid,
    request: async () => signedRequest(platform),
    [Symbol.asyncDispose]: async () => {},
  };
}

async function createHello({ lambda }: OwnPlatform): Promise<void> {
  const source = readFileSync(path.join(import.meta.dirname, "service/hello.mjs"));
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName: "hello",
      Role: "arn:aws:iam::000000000000:role/bench",
      Runtime: "nodejs24.x",
      Handler: "hello.handler",
      MemorySize: 256,
      Timeout: 30,
      Code: { ZipFile: zipSync({ "hello.mjs": source }) },
    }),
  );
  await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 30 }, { FunctionName: "hello" });
}

export const signedRequest = (platform: OwnPlatform): LoadRequest => signedInvocation(platform, "hello");

export function signedInvocation(platform: OwnPlatform, name: string): LoadRequest {
  return signed(platform, `/2015-03-31/functions/${name}/invocations`, payload);
}

/** Signature Version 4 is valid for minutes, so one signed request serves a whole round. */
export function signed({ info }: OwnPlatform, requestPath: string, body: string): LoadRequest {
  const { host } = new URL(info.endpoint);
  const { headers = {} } = aws4.sign(
    {
      host,
      path: requestPath,
      method: "POST",
      service: "lambda",
      region: info.region,
      headers: { "Content-Type": "application/json" },
      body,
    },
    { accessKeyId: info.accessKeyId, secretAccessKey: info.secretAccessKey },
  );
  // The load generator sends these itself, with the same values.
  const own = new Set(["host", "content-length"]);
  const rest = Object.entries(headers).filter(([name]) => !own.has(name.toLowerCase()));
  return {
    url: info.endpoint + requestPath,
    body,
    headers: Object.fromEntries(rest.map(([name, value]) => [name, String(value)])),
  };
}
