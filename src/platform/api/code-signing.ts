/** Code signing: tools ask for it always, and there is none. */
import { jsonReply, type Reply } from "../http/reply.ts";
import type { ApiRequest } from "../http/request.ts";
import type { Api } from "./api.ts";
import type { FunctionName } from "./names.ts";

export function getCodeSigning({ catalogue }: Api, _request: ApiRequest, wanted: FunctionName): Reply {
  return jsonReply(200, { CodeSigningConfigArn: "", FunctionName: catalogue.get(wanted).name });
}
