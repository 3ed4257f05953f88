/** What a sandbox is told about its function: environment and names as on Lambda. */
import path from "node:path";
import type { Assignment } from "../frames.ts";
import { functionArn, LATEST, REGION, type VersionRecord } from "../state/function-record.ts";

/** Marks a function that is debugged; see protocol/shim-messages.ts. */
const DEBUG_VARIABLE = "FAASIFY_DEBUG";

export interface SandboxPlace {
  readonly id: string;
  /** Absolute path of what is `/tmp` on Lambda. */
  readonly temporary: string;
  /** Absolute path of the unpacked code. */
  readonly taskRoot: string;
  /** Absolute path of what is `/opt` on Lambda; undefined without layers. */
  readonly layersRoot: string | undefined;
}

export function createAssignment(name: string, version: VersionRecord, place: SandboxPlace): Assignment {
  const logGroupName = `/aws/lambda/${name}`;
  const logStreamName = `${new Date().toISOString().slice(0, 10).replaceAll("-", "/")}/[${version.version}]${place.id}`;
  return {
    handler: version.handler,
    taskRoot: place.taskRoot,
    functionName: name,
    functionVersion: version.version,
    invokedFunctionArn: functionArn(name, version.version === LATEST ? undefined : version.version),
    memoryMb: version.memoryMb,
    logGroupName,
    logStreamName,
    stayAwake: DEBUG_VARIABLE in version.environment,
    environment: {
      PATH: process.env["PATH"] ?? "",
      HOME: place.temporary,
      TMPDIR: place.temporary,
      LANG: "en_US.UTF-8",
      TZ: ":UTC",
      AWS_DEFAULT_REGION: REGION,
      AWS_EXECUTION_ENV: `AWS_Lambda_${version.runtime}`,
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(version.memoryMb),
      AWS_LAMBDA_FUNCTION_NAME: name,
      AWS_LAMBDA_FUNCTION_VERSION: version.version,
      AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
      AWS_LAMBDA_LOG_GROUP_NAME: logGroupName,
      AWS_LAMBDA_LOG_STREAM_NAME: logStreamName,
      AWS_REGION: REGION,
      LAMBDA_TASK_ROOT: place.taskRoot,
      _HANDLER: version.handler,
      ...(place.layersRoot !== undefined && layerVariables(place.layersRoot, version.runtime)),
      ...version.environment,
    },
  };
}

/** Where Lambda's runtimes look for what layers bring; `FAASIFY_LAYERS` says where `/opt` is. */
function layerVariables(root: string, runtime: string): Record<string, string> {
  const major = /^nodejs(\d+)/.exec(runtime)?.[1];
  const nodePaths = [...(major === undefined ? [] : [`nodejs/node${major}/node_modules`]), "nodejs/node_modules"];
  const inRoot = (paths: readonly string[]): string => paths.map((each) => path.join(root, each)).join(path.delimiter);
  return {
    FAASIFY_LAYERS: root,
    NODE_PATH: inRoot(nodePaths),
    PYTHONPATH: inRoot(["python"]),
    LD_LIBRARY_PATH: inRoot(["lib"]),
    PATH: `${inRoot(["bin"])}${path.delimiter}${process.env["PATH"] ?? ""}`,
  };
}
