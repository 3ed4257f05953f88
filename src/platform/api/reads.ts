/** What tools ask for as a matter of course, and what the platform has one answer to. */
import { invalidParameter, LambdaError, resourceNotFound, validationFailed } from "../http/lambda-error.ts";
import { emptyReply, jsonReply, type Reply } from "../http/reply.ts";
import type { ApiRequest } from "../http/request.ts";
import { functionArn, LATEST } from "../state/function-record.ts";
import { mustBeUnqualified, type Api } from "./api.ts";
import { parseBody, recursionInput } from "./input.ts";
import { constraint, type FunctionName } from "./names.ts";

export function getRuntimeManagement({ catalogue }: Api, _request: ApiRequest, wanted: FunctionName): Reply {
  const { record } = catalogue.resolve(wanted);
  return jsonReply(200, { UpdateRuntimeOn: "Auto", FunctionArn: functionArn(record.name, wanted.qualifier ?? LATEST) });
}

export function getRecursion({ catalogue }: Api, _request: ApiRequest, wanted: FunctionName): Reply {
  return jsonReply(200, { RecursiveLoop: catalogue.get({ ...wanted, qualifier: undefined }).recursiveLoop });
}

export function putRecursion({ catalogue }: Api, { body }: ApiRequest, wanted: FunctionName): Reply {
  const { RecursiveLoop: loop } = parseBody(body, recursionInput);
  if (loop !== "Allow" && loop !== "Terminate") {
    const rule = "Member must satisfy enum value set: [Terminate, Allow]";
    throw validationFailed([constraint(loop, "recursiveLoop", rule)]);
  }
  mustBeUnqualified(wanted);
  const { name } = catalogue.get({ ...wanted, qualifier: undefined });
  catalogue.change(name, { recursiveLoop: loop });
  return jsonReply(200, { RecursiveLoop: loop });
}

/** `?List=ALL` is another operation on the same path. There is never any. */
export function getProvisioned({ catalogue }: Api, { query }: ApiRequest, wanted: FunctionName): Reply {
  catalogue.resolve(wanted);
  if (query.get("List") === "ALL") return jsonReply(200, { ProvisionedConcurrencyConfigs: [] });
  throw new LambdaError(404, "ProvisionedConcurrencyConfigNotFoundException", {
    Type: "User",
    message: "No Provisioned Concurrency Config found for this function",
  });
}

export function putProvisioned(): never {
  throw invalidParameter(
    "This platform keeps no provisioned concurrency: its sandboxes stay warm while they are used.",
  );
}

/** What is not there is deleted already. */
export function deleteProvisioned({ catalogue }: Api, _request: ApiRequest, wanted: FunctionName): Reply {
  catalogue.resolve(wanted);
  return emptyReply(204);
}

/** Layers are everybody's here: none has a policy. */
export function getLayerPolicy(): never {
  throw resourceNotFound("No policy is associated with the given resource.");
}

export function listEventSources(): Reply {
  return jsonReply(200, { EventSourceMappings: [] });
}

export function createEventSource(): never {
  throw invalidParameter("Unrecognized event source. This platform has neither queues nor streams to read from.");
}

export function getEventSource(): never {
  throw resourceNotFound("The resource you requested does not exist.");
}
