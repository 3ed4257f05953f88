/** How a function is named in a request: name, partial ARN or full ARN, each with or without a qualifier. */
import { accessDenied, invalidParameter, resourceNotFound, validationFailed } from "../http/lambda-error.ts";
import { ACCOUNT, functionArn, REGION } from "../state/function-record.ts";

export interface FunctionName {
  readonly name: string;
  /** `$LATEST`, a version or an alias. */
  readonly qualifier: string | undefined;
}

const PATTERN =
  "(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}(-gov)?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?";
const FUNCTION_NAME =
  /^(?:arn:aws[a-zA-Z-]*:lambda:(?<region>[a-z]{2}(?:-gov)?-[a-z]+-\d):)?(?:(?<account>\d{12}):)?(?:function:)?(?<name>[a-zA-Z0-9-_]+)(?::(?<qualifier>\$LATEST|[a-zA-Z0-9-_]+))?$/;
const MAX_NAME_CHARS = 64;
const MAX_ARN_CHARS = 170;

/**
 * @param query - the `Qualifier` of the query
 * @throws LambdaError ValidationException, ResourceNotFoundException for another account or region
 */
export function parseFunctionName(text: string, query?: string | null): FunctionName {
  const parts = FUNCTION_NAME.exec(text)?.groups ?? {};
  const name = parts["name"];
  const problems = [...nameProblems(text, name), ...qualifierProblems(query)];
  if (name === undefined || problems.length > 0) throw validationFailed(problems);
  checkPlace(parts["region"] ?? REGION, parts["account"] ?? ACCOUNT, name);
  const qualifier = parts["qualifier"];
  if (query && qualifier !== undefined && qualifier !== query) {
    throw invalidParameter("The derived qualifier from the function name does not match the specified qualifier.");
  }
  return { name, qualifier: qualifier ?? (query || undefined) };
}

function nameProblems(text: string, name: string | undefined): string[] {
  const problem = (rule: string): string => constraint(text, "functionName", rule);
  const problems = [];
  if (name === undefined) problems.push(problem(`Member must satisfy regular expression pattern: ${PATTERN}`));
  else if (name.length > MAX_NAME_CHARS)
    problems.push(problem(`Member must have length less than or equal to ${MAX_NAME_CHARS}`));
  if (text.length > MAX_ARN_CHARS)
    problems.push(problem(`Member must have length less than or equal to ${MAX_ARN_CHARS}`));
  return problems;
}

function qualifierProblems(query: string | null | undefined): string[] {
  if (!query || /^[a-zA-Z0-9$_-]{1,128}$/.test(query)) return [];
  return [constraint(query, "qualifier", "Member must satisfy regular expression pattern: (|[a-zA-Z0-9$_-]+)")];
}

function checkPlace(region: string, account: string, name: string): void {
  if (account !== ACCOUNT) {
    throw accessDenied(
      `User: arn:aws:iam::${ACCOUNT}:root is not authorized to perform this action on resource: arn:aws:lambda:${region}:${account}:function:${name}`,
    );
  }
  if (region !== REGION) {
    throw resourceNotFound(`Functions from '${region}' are not reachable in this region ('${REGION}')`);
  }
}

/** The ARN in "Function not found: …". */
export function requestedArn({ name, qualifier }: FunctionName): string {
  return functionArn(name, qualifier);
}

/** One entry of a ValidationException's message. */
export function constraint(value: unknown, member: string, rule: string): string {
  return `Value '${String(value)}' at '${member}' failed to satisfy constraint: ${rule}`;
}
