/** What Lambda's API shows of a function. */
import { functionArn, type VersionRecord } from "../state/function-record.ts";

/** FunctionConfiguration of the API. `qualifier`: a version or an alias, as it stands in the ARN. */
export function configurationView(name: string, version: VersionRecord, qualifier?: string): Record<string, unknown> {
  return {
    FunctionName: name,
    FunctionArn: functionArn(name, qualifier),
    Runtime: version.runtime,
    Role: version.role,
    Handler: version.handler,
    CodeSize: version.codeBytes,
    Description: version.description,
    Timeout: version.timeoutSeconds,
    MemorySize: version.memoryMb,
    LastModified: version.lastModified,
    CodeSha256: version.codeSha256,
    Version: version.version,
    ...(Object.keys(version.environment).length > 0 ? { Environment: { Variables: version.environment } } : {}),
    ...(version.layers.length > 0 && {
      Layers: version.layers.map(({ arn, codeBytes }) => ({ Arn: arn, CodeSize: codeBytes })),
    }),
    ...(version.deadLetterArn === undefined ? {} : { DeadLetterConfig: { TargetArn: version.deadLetterArn } }),
    TracingConfig: { Mode: version.tracing },
    RevisionId: version.revisionId,
    State: "Active",
    LastUpdateStatus: "Successful",
    PackageType: "Zip",
    Architectures: [version.architecture],
    EphemeralStorage: { Size: version.ephemeralMb },
    SnapStart: { ApplyOn: "None", OptimizationStatus: "Off" },
    RuntimeVersionConfig: {
      RuntimeVersionArn: `arn:aws:lambda:us-east-1::runtime:faasify-node-${process.versions.node}`,
    },
    LoggingConfig: { LogFormat: "Text", LogGroup: `/aws/lambda/${name}` },
  };
}

/** What lists show of it. */
export function listView(name: string, version: VersionRecord, qualified: boolean): Record<string, unknown> {
  const {
    State: _state,
    LastUpdateStatus: _status,
    RuntimeVersionConfig: _runtime,
    ...view
  } = configurationView(name, version, qualified ? version.version : undefined);
  return view;
}
