/** Checks the bodies of CreateFunction and the updates, with Lambda's limits and its wording. */
import * as v from "valibot";
import { invalidParameter, invalidRequestContent, validationFailed } from "../http/lambda-error.ts";
import { constraint } from "./names.ts";

const runtimes = [
  "nodejs20.x",
  "nodejs22.x",
  "nodejs24.x",
  "provided",
  "provided.al2",
  "provided.al2023",
  "python3.9",
  "python3.10",
  "python3.11",
  "python3.12",
  "python3.13",
  "python3.14",
];
const MAX_ENVIRONMENT_BYTES = 4096;

const strings = v.record(v.string(), v.string());

const configurationEntries = {
  Role: v.optional(v.string()),
  Handler: v.optional(v.string()),
  Description: v.optional(v.string()),
  Timeout: v.optional(v.number()),
  MemorySize: v.optional(v.number()),
  Runtime: v.optional(v.string()),
  Environment: v.nullish(v.object({ Variables: v.nullish(strings) })),
  TracingConfig: v.optional(v.object({ Mode: v.optional(v.string()) })),
  EphemeralStorage: v.optional(v.object({ Size: v.number() })),
  Layers: v.optional(v.array(v.string())),
  DeadLetterConfig: v.nullish(v.object({ TargetArn: v.nullish(v.string()) })),
};

export const createSchema = v.object({
  ...configurationEntries,
  FunctionName: v.string(),
  Code: v.object({
    ZipFile: v.optional(v.string()),
    S3Bucket: v.optional(v.string()),
    ImageUri: v.optional(v.string()),
  }),
  PackageType: v.optional(v.string()),
  Architectures: v.optional(v.array(v.string())),
  Publish: v.optional(v.boolean()),
  Tags: v.optional(strings),
});

export const updateConfigurationSchema = v.object({ ...configurationEntries, RevisionId: v.optional(v.string()) });

export const updateCodeSchema = v.object({
  ZipFile: v.optional(v.string()),
  S3Bucket: v.optional(v.string()),
  ImageUri: v.optional(v.string()),
  Architectures: v.optional(v.array(v.string())),
  Publish: v.optional(v.boolean()),
  DryRun: v.optional(v.boolean()),
  RevisionId: v.optional(v.string()),
});

export const publishSchema = v.object({
  CodeSha256: v.optional(v.string()),
  Description: v.optional(v.string()),
  RevisionId: v.optional(v.string()),
});

const routingSchema = v.nullish(v.object({ AdditionalVersionWeights: v.nullish(v.record(v.string(), v.number())) }));

export const aliasSchema = v.object({
  Name: v.string(),
  FunctionVersion: v.string(),
  Description: v.optional(v.string()),
  RoutingConfig: routingSchema,
});

export const updateAliasSchema = v.object({
  FunctionVersion: v.optional(v.string()),
  Description: v.optional(v.string()),
  RoutingConfig: routingSchema,
  RevisionId: v.optional(v.string()),
});

export const concurrencySchema = v.object({ ReservedConcurrentExecutions: v.optional(v.number()) });

const destinationSchema = v.nullish(v.object({ Destination: v.nullish(v.string()) }));

export const eventConfigInput = v.object({
  MaximumRetryAttempts: v.optional(v.number()),
  MaximumEventAgeInSeconds: v.optional(v.number()),
  DestinationConfig: v.optional(v.object({ OnSuccess: destinationSchema, OnFailure: destinationSchema })),
});

export type EventConfigInput = v.InferOutput<typeof eventConfigInput>;

export const layerInput = v.object({
  Content: v.object({ ZipFile: v.optional(v.string()), S3Bucket: v.optional(v.string()) }),
  Description: v.optional(v.string()),
  CompatibleRuntimes: v.optional(v.array(v.string())),
  CompatibleArchitectures: v.optional(v.array(v.string())),
  LicenseInfo: v.optional(v.string()),
});

export const permissionInput = v.object({
  StatementId: v.string(),
  Action: v.string(),
  Principal: v.string(),
  SourceArn: v.optional(v.string()),
  SourceAccount: v.optional(v.string()),
  EventSourceToken: v.optional(v.string()),
  PrincipalOrgID: v.optional(v.string()),
  FunctionUrlAuthType: v.optional(v.string()),
  InvokedViaFunctionUrl: v.optional(v.boolean()),
  RevisionId: v.optional(v.string()),
});

export type PermissionInput = v.InferOutput<typeof permissionInput>;

const names = v.optional(v.array(v.string()));

export const urlInput = v.object({
  AuthType: v.optional(v.string()),
  InvokeMode: v.optional(v.string()),
  Cors: v.optional(
    v.object({
      AllowCredentials: v.optional(v.boolean()),
      AllowHeaders: names,
      AllowMethods: names,
      AllowOrigins: names,
      ExposeHeaders: names,
      MaxAge: v.optional(v.number()),
    }),
  ),
});

export const recursionInput = v.object({ RecursiveLoop: v.optional(v.string()) });

export const tagSchema = v.object({ Tags: strings });

export type ConfigurationInput = v.InferOutput<typeof updateConfigurationSchema>;

/** @throws LambdaError InvalidRequestContentException, SerializationException-like for wrong types */
export function parseBody<T>(body: Buffer, schema: v.GenericSchema<unknown, T>): T {
  let json: unknown;
  try {
    json = body.length === 0 ? {} : JSON.parse(body.toString());
  } catch (error) {
    throw invalidRequestContent(`Could not parse request body into json: ${(error as Error).message}`);
  }
  const result = v.safeParse(schema, json);
  if (result.success) return result.output;
  throw validationFailed(
    result.issues.map((issue) => constraint(undefined, v.getDotPath(issue) ?? "body", issue.message)),
  );
}

/** @throws LambdaError for values outside Lambda's limits */
export function checkConfiguration(input: ConfigurationInput): void {
  const problems = [
    ...rangeProblems(input.Timeout, "timeout", 1, 900),
    ...rangeProblems(input.MemorySize, "memorySize", 128, 10_240),
    ...rangeProblems(input.EphemeralStorage?.Size, "ephemeralStorage.size", 512, 10_240),
    ...pattern(input.Handler, "handler", /^[^\s]{1,128}$/, "[^\\s]+"),
    ...pattern(
      input.Role,
      "role",
      /^arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role\/?[a-zA-Z_0-9+=,.@\-_/]+$/,
      "arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+",
    ),
    ...descriptionProblems(input.Description),
  ];
  if (problems.length > 0) throw validationFailed(problems);
  if (input.Runtime !== undefined && !runtimes.includes(input.Runtime)) {
    throw invalidParameter(
      `Value ${input.Runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [${runtimes.join(", ")}] or be a valid ARN`,
    );
  }
  checkEnvironment(input.Environment?.Variables ?? {});
}

/** @throws LambdaError ValidationException */
export function checkDescription(description: string | undefined): void {
  const problems = descriptionProblems(description);
  if (problems.length > 0) throw validationFailed(problems);
}

function descriptionProblems(description: string | undefined): string[] {
  if (description === undefined || description.length <= 256) return [];
  return [constraint(description, "description", "Member must have length less than or equal to 256")];
}

/** Empty if the value is undefined or a whole number from `min` to `max`. */
export function rangeProblems(value: number | undefined, member: string, min: number, max: number): string[] {
  if (value === undefined || (Number.isInteger(value) && value >= min && value <= max)) return [];
  const rule = value > max ? `less than or equal to ${max}` : `greater than or equal to ${min}`;
  return [constraint(value, member, `Member must have value ${rule}`)];
}

function pattern(value: string | undefined, member: string, allowed: RegExp, shown: string): string[] {
  if (value === undefined || allowed.test(value)) return [];
  return [constraint(value, member, `Member must satisfy regular expression pattern: ${shown}`)];
}

const reservedVariables = new Set([
  "_HANDLER",
  "AWS_DEFAULT_REGION",
  "AWS_EXECUTION_ENV",
  "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
  "AWS_LAMBDA_FUNCTION_NAME",
  "AWS_LAMBDA_FUNCTION_VERSION",
  "AWS_LAMBDA_INITIALIZATION_TYPE",
  "AWS_LAMBDA_LOG_GROUP_NAME",
  "AWS_LAMBDA_LOG_STREAM_NAME",
  "AWS_LAMBDA_RUNTIME_API",
  "AWS_REGION",
  "LAMBDA_RUNTIME_DIR",
  "LAMBDA_TASK_ROOT",
]);

function checkEnvironment(variables: Readonly<Record<string, string>>): void {
  const names = Object.keys(variables);
  const malformed = names.filter((name) => !/^[a-zA-Z][a-zA-Z0-9_]+$/.test(name));
  if (malformed.length > 0) {
    throw validationFailed(
      malformed.map((name) =>
        constraint(
          name,
          "environment.variables",
          "Map keys must satisfy constraint: [Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+]",
        ),
      ),
    );
  }
  const reserved = names.filter((name) => reservedVariables.has(name));
  if (reserved.length > 0) {
    throw invalidParameter(
      `Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: ${reserved.join(", ")}`,
    );
  }
  if (Buffer.byteLength(JSON.stringify(variables)) > MAX_ENVIRONMENT_BYTES) {
    throw invalidParameter(
      `Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. String measured: ${JSON.stringify(variables).slice(0, 200)}…`,
    );
  }
}
