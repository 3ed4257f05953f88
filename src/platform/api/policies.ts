/** Resource policies: who else may invoke a function. On this platform they matter for function URLs. */
import { randomUUID } from "node:crypto";
import {
  functionNotFound,
  invalidParameter,
  preconditionFailed,
  resourceConflict,
  resourceNotFound,
  validationFailed,
} from "../http/lambda-error.ts";
import { emptyReply, jsonReply, type Reply } from "../http/reply.ts";
import type { ApiRequest } from "../http/request.ts";
import { functionArn, LATEST, type FunctionRecord, type PolicyStatement } from "../state/function-record.ts";
import type { Api } from "./api.ts";
import { findAlias, findVersion } from "./catalogue.ts";
import { parseBody, permissionInput, type PermissionInput } from "./input.ts";
import { constraint, requestedArn, type FunctionName } from "./names.ts";

export function addPermission({ catalogue }: Api, { body }: ApiRequest, wanted: FunctionName): Reply {
  const input = parseBody(body, permissionInput);
  checkInput(input);
  if (wanted.qualifier === LATEST) throw invalidParameter("We currently do not support adding policies for $LATEST.");
  const record = catalogue.get({ ...wanted, qualifier: undefined });
  const revisionId = mustExist(record, wanted);
  const qualifier = wanted.qualifier ?? LATEST;
  const policy = record.policies[qualifier];
  checkRevision([revisionId, policy?.revisionId], input.RevisionId);
  if (policy?.statements.some(({ Sid }) => Sid === input.StatementId)) {
    throw resourceConflict(
      `The statement id (${input.StatementId}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
    );
  }
  const statement = createStatement(input, functionArn(record.name, wanted.qualifier));
  const statements = [...(policy?.statements ?? []), statement];
  catalogue.change(record.name, {
    policies: { ...record.policies, [qualifier]: { revisionId: randomUUID(), statements } },
  });
  return jsonReply(201, { Statement: JSON.stringify(statement) });
}

export function getPolicy({ catalogue }: Api, _request: ApiRequest, wanted: FunctionName): Reply {
  const policy = catalogue.get({ ...wanted, qualifier: undefined }).policies[wanted.qualifier ?? LATEST];
  if (!policy) throw resourceNotFound("The resource you requested does not exist.");
  return jsonReply(200, {
    Policy: JSON.stringify({ Version: "2012-10-17", Id: "default", Statement: policy.statements }),
    RevisionId: policy.revisionId,
  });
}

export function removePermission({ catalogue }: Api, { query }: ApiRequest, wanted: FunctionName, sid: string): Reply {
  const record = catalogue.find(wanted.name);
  if (!record) throw resourceNotFound(`No policy found for: ${functionArn(wanted.name)}`);
  const qualifier = wanted.qualifier ?? LATEST;
  const { [qualifier]: policy, ...others } = record.policies;
  if (!policy) throw resourceNotFound("No policy is associated with the given resource.");
  if (!policy.statements.some(({ Sid }) => Sid === sid)) {
    throw resourceNotFound(`Statement ${sid} is not found in resource policy.`);
  }
  checkRevision([mustExist(record, wanted), policy.revisionId], query.get("RevisionId") ?? undefined);
  const statements = policy.statements.filter(({ Sid }) => Sid !== sid);
  const policies =
    statements.length === 0 ? others : { ...others, [qualifier]: { revisionId: randomUUID(), statements } };
  catalogue.change(record.name, { policies });
  return emptyReply(204);
}

/** May everybody call the URL of this function (or alias), whose type of authentication is NONE? */
export function isPublicUrl(record: FunctionRecord, qualifier: string): boolean {
  return (record.policies[qualifier]?.statements ?? []).some((statement) => {
    const { Effect, Action, Principal } = statement as Readonly<Record<string, unknown>>;
    const isForUrls = Action === "lambda:InvokeFunctionUrl" || Action === "lambda:*" || Action === "*";
    const isForAll = Principal === "*" || (isObject(Principal) && Principal["AWS"] === "*");
    return Effect === "Allow" && isForUrls && isForAll && urlAuthTypeOf(statement) !== "AWS_IAM";
  });
}

function urlAuthTypeOf(statement: PolicyStatement): unknown {
  const condition = statement["Condition"];
  const equals = isObject(condition) ? condition["StringEquals"] : undefined;
  return isObject(equals) ? equals["lambda:FunctionUrlAuthType"] : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function checkInput({ StatementId, Action, FunctionUrlAuthType }: PermissionInput): void {
  const problems = [];
  if (!/^[a-zA-Z0-9-_]{1,100}$/.test(StatementId)) {
    problems.push(
      constraint(StatementId, "statementId", "Member must satisfy regular expression pattern: ([a-zA-Z0-9-_]+)"),
    );
  }
  if (!/^(?:lambda:(?:\*|[a-zA-Z]+)|\*)$/.test(Action)) {
    const rule = "Member must satisfy regular expression pattern: (lambda:[*]|lambda:[a-zA-Z]+|[*])";
    problems.push(constraint(Action, "action", rule));
  }
  if (FunctionUrlAuthType !== undefined && !["NONE", "AWS_IAM"].includes(FunctionUrlAuthType)) {
    const rule = "Member must satisfy enum value set: [NONE, AWS_IAM]";
    problems.push(constraint(FunctionUrlAuthType, "functionUrlAuthType", rule));
  }
  if (problems.length > 0) throw validationFailed(problems);
}

/** The revision of the function, version or alias. */
function mustExist(record: FunctionRecord, wanted: FunctionName): string {
  const found = findAlias(record, wanted.qualifier) ?? findVersion(record, wanted.qualifier);
  if (!found) throw functionNotFound(requestedArn(wanted));
  return found.revisionId;
}

function checkRevision(current: readonly (string | undefined)[], wanted: string | undefined): void {
  if (wanted !== undefined && !current.includes(wanted)) throw preconditionFailed();
}

function createStatement(input: PermissionInput, resource: string): PolicyStatement {
  const equals = {
    ...(input.FunctionUrlAuthType !== undefined && { "lambda:FunctionUrlAuthType": input.FunctionUrlAuthType }),
    ...(input.PrincipalOrgID !== undefined && { "aws:PrincipalOrgID": input.PrincipalOrgID }),
    ...(input.SourceAccount !== undefined && { "AWS:SourceAccount": input.SourceAccount }),
    ...(input.EventSourceToken !== undefined && { "lambda:EventSourceToken": input.EventSourceToken }),
  };
  const condition = {
    ...(Object.keys(equals).length > 0 && { StringEquals: equals }),
    ...(input.SourceArn !== undefined && { ArnLike: { "AWS:SourceArn": input.SourceArn } }),
    ...(input.InvokedViaFunctionUrl !== undefined && {
      Bool: { "lambda:InvokedViaFunctionUrl": String(input.InvokedViaFunctionUrl) },
    }),
  };
  return {
    Sid: input.StatementId,
    Effect: "Allow",
    Principal: toPrincipal(input.Principal),
    Action: input.Action,
    Resource: resource,
    ...(Object.keys(condition).length > 0 && { Condition: condition }),
  };
}

function toPrincipal(principal: string): unknown {
  if (principal === "*") return "*";
  if (principal.endsWith(".amazonaws.com")) return { Service: principal };
  if (/^\d{12}$/.test(principal)) return { AWS: `arn:aws:iam::${principal}:root` };
  if (/^arn:aws[a-z-]*:(?:iam|sts):/.test(principal)) return { AWS: principal };
  throw invalidParameter("The provided principal was invalid. Please check the principal and try again.");
}
