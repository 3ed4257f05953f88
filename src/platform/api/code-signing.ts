/** Code signing: tools ask for it always, and there is none. */
import { LambdaError, resourceNotFound } from "../http/lambda-error.ts";
import { emptyReply, jsonReply, type Reply } from "../http/reply.ts";
import type { ApiRequest } from "../http/request.ts";
import type { Api } from "./api.ts";
import type { FunctionName } from "./names.ts";

export function getCodeSigning({ catalogue }: Api, _request: ApiRequest, wanted: FunctionName): Reply {
  return jsonReply(200, { CodeSigningConfigArn: "", FunctionName: catalogue.get(wanted).name });
}

export function putCodeSigning({ catalogue }: Api, _request: ApiRequest, wanted: FunctionName): never {
  catalogue.get(wanted);
  throw new LambdaError(404, "CodeSigningConfigNotFoundException", {
    Type: "User",
    Message: "The code signing configuration cannot be found. Check that the provided configuration is not deleted.",
  });
}

export function deleteCodeSigning({ catalogue }: Api, _request: ApiRequest, wanted: FunctionName): Reply {
  catalogue.get(wanted);
  return emptyReply(204);
}

export function listCodeSigningConfigs(): Reply {
  return jsonReply(200, { CodeSigningConfigs: [] });
}

export function getCodeSigningConfig(_api: Api, _request: ApiRequest, [arn = ""]: readonly string[]): never {
  throw resourceNotFound(`The Lambda code signing configuration ${arn} can not be found.`);
}
