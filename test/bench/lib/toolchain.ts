import { execFile } from "node:child_process";
import { promisify } from "node:util";
import {
  CreateFunctionCommand,
  InvokeCommand,
  UpdateFunctionCodeCommand,
  waitUntilFunctionActiveV2,
  waitUntilFunctionUpdatedV2,
} from "@aws-sdk/client-lambda";
import { build } from "esbuild";
import { zipSync } from "fflate";
import type { OwnPlatform } from "./own-platform.ts";

const execute = promisify(execFile);

/**
 * How people deploy a function without FaaSify: a handler written by hand, esbuild, zip, and the official client's
 * UpdateFunctionCode with its waiter. On the same platform, so that only the way there differs.
 */
export interface Toolchain {
  /** Bundles and deploys the file; resolves when the platform says that the update is done. */
  deploy(): Promise<void>;
  invoke(event: unknown): Promise<unknown>;
}

const FunctionName = "by-hand";

/** @param file - absolute path of a module that exports `checkout` */
export async function startToolchain({ lambda }: OwnPlatform, file: string): Promise<Toolchain> {
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName,
      Role: "arn:aws:iam::000000000000:role/bench",
      Runtime: "nodejs24.x",
      Handler: "index.handler",
      MemorySize: 256,
      Timeout: 30,
      Code: { ZipFile: await bundle(file) },
    }),
  );
  await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 30 }, { FunctionName });
  return {
    async deploy() {
      await lambda.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile: await bundle(file) }));
      await waitUntilFunctionUpdatedV2({ client: lambda, maxWaitTime: 30 }, { FunctionName });
    },
    async invoke(event) {
      const { Payload } = await lambda.send(new InvokeCommand({ FunctionName, Payload: JSON.stringify(event) }));
      return JSON.parse(Payload?.transformToString() ?? "null");
    },
  };
}

async function bundle(file: string): Promise<Uint8Array> {
  const { outputFiles } = await build({
    stdin: {
      contents: `import { checkout } from ${JSON.stringify(file)};
        export const handler = async (event) => checkout(...event);`,
      resolveDir: "/",
    },
    bundle: true,
    platform: "node",
    format: "esm",
    write: false,
    logLevel: "silent",
  });
  const [output] = outputFiles;
  if (!output) throw new Error("esbuild made nothing");
  return zipSync({ "index.mjs": output.contents });
}

/** A plain Node process that runs the file once: the least that new code costs without any platform. */
export async function runPlainNode(file: string, args: readonly unknown[]): Promise<unknown> {
  const script = `import { checkout } from ${JSON.stringify(file)};
    console.log(JSON.stringify(checkout(...${JSON.stringify(args)})));`;
  const { stdout } = await execute(process.execPath, ["--input-type=module", "--eval", script]);
  return JSON.parse(stdout);
}
