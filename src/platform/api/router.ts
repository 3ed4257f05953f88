/** From method and path to the operation. */
import { unknownOperation, unsupportedMediaType } from "../http/lambda-error.ts";
import type { Reply } from "../http/reply.ts";
import type { ApiRequest } from "../http/request.ts";
import * as operations from "./functions.ts";
import { parseFunctionName, type FunctionName } from "./names.ts";
import { handleOwn, type OwnApi } from "./own.ts";

type Operation = (api: operations.Api, request: ApiRequest, wanted: FunctionName) => Reply;

/** `METHOD date/resource` and what follows the function's name. */
const functionOperations: Readonly<Record<string, Operation>> = {
  "GET 2015-03-31/functions": operations.getFunction,
  "DELETE 2015-03-31/functions": operations.deleteFunction,
  "GET 2015-03-31/functions configuration": operations.getConfiguration,
  "PUT 2015-03-31/functions configuration": operations.updateConfiguration,
  "PUT 2015-03-31/functions code": operations.updateCode,
  "POST 2015-03-31/functions versions": operations.publishVersion,
  "GET 2015-03-31/functions versions": operations.listVersions,
  "GET 2020-06-30/functions code-signing-config": operations.getCodeSigning,
  "GET 2017-03-31/tags": operations.listTags,
  "POST 2017-03-31/tags": operations.tag,
  "DELETE 2017-03-31/tags": operations.untag,
};

export function createRouter(api: operations.Api, own: OwnApi): (request: ApiRequest) => Reply {
  return (request) => {
    const { method, segments, query } = request;
    const [date, resource, name, action] = segments;
    if (date === "_faasify") return handleOwn(own, request, segments.slice(1));
    checkMediaType(request);
    if (resource === "functions" && segments.length === 2 && date === "2015-03-31") {
      if (method === "POST") return operations.createFunction(api, request);
      if (method === "GET") return operations.listFunctions(api, request);
    }
    const operation = functionOperations[`${method} ${date}/${resource}${action === undefined ? "" : ` ${action}`}`];
    if (!operation || name === undefined || segments.length > 4) throw unknownOperation();
    return operation(api, request, parseFunctionName(name, query.get("Qualifier")));
  };
}

/** A body that says to be something else than JSON is refused; one that says nothing is read as JSON. */
function checkMediaType(request: ApiRequest): void {
  const contentType = request.header("content-type");
  if (request.body.length === 0 || contentType === undefined) return;
  if (!/json|octet-stream/i.test(contentType)) throw unsupportedMediaType(contentType);
}
