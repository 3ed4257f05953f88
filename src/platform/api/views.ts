/** What Lambda's API shows of a function. */
import { functionArn, LATEST, type VersionRecord } from "../state/function-record.ts";

/** FunctionConfiguration of the API. `qualified`: with the version in the ARN even for `$LATEST`. */
export function configurationView(name: string, version: VersionRecord, qualified: boolean): Record<string, unknown> {
  const inArn = version.version === LATEST && !qualified ? undefined : version.version;
  return {
    FunctionName: name,
    FunctionArn: functionArn(name, inArn),
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
