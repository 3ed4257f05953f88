import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { LambdaClient } from "@aws-sdk/client-lambda";
import manifest from "../../../package.json" with { type: "json" };
import { stopPlatform } from "../../../scripts/lib/platform-process.ts";
import { killGroup, repository } from "../../../scripts/lib/run.ts";
import { ensurePlatform, type LocalOptions } from "../../../src/deploy/providers/local/platform-process.ts";
import type { PlatformInfo } from "../../../src/protocol/platform-info.ts";
import { killedAtExit } from "./started-process.ts";

/** A local platform with a data folder of its own, as the extension would start it. */
export interface OwnPlatform extends AsyncDisposable {
  readonly info: PlatformInfo;
  /** Absolute path; goes away with the platform. */
  readonly dataFolder: string;
  readonly localOptions: LocalOptions;
  readonly lambda: LambdaClient;
  end(): Promise<void>;
  /** After {@link end}: with the functions, the port and the credentials of before. */
  start(): Promise<void>;
}

export async function startOwnPlatform(): Promise<OwnPlatform> {
  const dataFolder = mkdtempSync(path.join(os.tmpdir(), "faasify-bench-"));
  const localOptions: LocalOptions = {
    folder: path.join(dataFolder, "platform"),
    platformBundle: path.join(repository, "dist/platform.cjs"),
    version: manifest.version,
    nodePath: process.execPath,
  };
  const dispose = async (): Promise<void> => {
    await stopPlatform(dataFolder);
    rmSync(dataFolder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  try {
    const { info } = await ensurePlatform(localOptions, AbortSignal.timeout(60_000));
    const { endpoint, region, accessKeyId, secretAccessKey } = info;
    let { pid } = info;
    // Its sandboxes end with it.
    const release = killedAtExit(() => {
      killGroup(pid);
      rmSync(dataFolder, { recursive: true, force: true });
    });
    const lambda = new LambdaClient({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
    return {
      info,
      dataFolder,
      localOptions,
      lambda,
      end: () => stopPlatform(dataFolder),
      start: async () => {
        pid = (await ensurePlatform(localOptions, AbortSignal.timeout(60_000))).info.pid;
      },
      [Symbol.asyncDispose]: async () => {
        lambda.destroy();
        await dispose();
        release();
      },
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}
