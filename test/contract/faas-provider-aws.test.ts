/** The provider for AWS: against our own platform, which runs what is deployed, and against moto, which nobody here wrote. */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe } from "vitest";
import { ensurePlatform } from "../../src/deploy/providers/local/platform-process.ts";
import { createAwsProvider } from "../../src/deploy/providers/aws/aws-provider.ts";
import { testFaasProvider, type ProviderUnderTest } from "./faas-provider.ts";
import { testFunctionVersions } from "./faas-provider-versions.ts";
import { openLocalPlace } from "./local-platform.ts";
import { moto, startMoto } from "./moto.ts";

testFaasProvider("aws on the local platform", openOnPlatform);
testFunctionVersions("aws on the local platform", openOnPlatform);

describe.skipIf("problem" in moto)("on moto", () => {
  testFaasProvider("aws on moto", openOnMoto);
  testFunctionVersions("aws on moto", openOnMoto);
});

async function openOnPlatform(): Promise<ProviderUnderTest> {
  const place = openLocalPlace();
  const { info } = await ensurePlatform(place.options, new AbortController().signal);
  // The default chain of credentials looks here first.
  process.env["AWS_ACCESS_KEY_ID"] = info.accessKeyId;
  process.env["AWS_SECRET_ACCESS_KEY"] = info.secretAccessKey;
  return {
    provider: createAwsProvider({ region: info.region, endpoint: info.endpoint }),
    artifactFolder: path.join(place.root, "artifacts"),
    [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
  };
}

async function openOnMoto(): Promise<ProviderUnderTest> {
  const server = await startMoto();
  process.env["AWS_ACCESS_KEY_ID"] = "moto";
  process.env["AWS_SECRET_ACCESS_KEY"] = "moto";
  const root = realpathSync(mkdtempSync(path.join(os.tmpdir(), "faasify-moto-")));
  return {
    provider: createAwsProvider({ region: "eu-central-1", endpoint: server.endpoint }),
    artifactFolder: path.join(root, "artifacts"),
    pretends: "moto runs no functions: it echoes what is sent",
    lacks: {
      "version-guards": "moto does not compare CodeSha256 and RevisionId, and removes versions that are in use",
      "unknown-versions": "moto lists the versions of a function that is not there, and takes weights for them",
    },
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      rmSync(root, { recursive: true, force: true });
    },
  };
}
