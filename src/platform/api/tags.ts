/** Tags of functions. */
import { emptyReply, jsonReply, type Reply } from "../http/reply.ts";
import type { ApiRequest } from "../http/request.ts";
import type { Api } from "./api.ts";
import { parseBody, tagSchema } from "./input.ts";
import type { FunctionName } from "./names.ts";

export function listTags({ catalogue }: Api, _request: ApiRequest, wanted: FunctionName): Reply {
  return jsonReply(200, { Tags: catalogue.get(wanted).tags });
}

export function tag({ catalogue }: Api, { body }: ApiRequest, wanted: FunctionName): Reply {
  const { Tags } = parseBody(body, tagSchema);
  catalogue.change(wanted.name, { tags: { ...catalogue.get(wanted).tags, ...Tags } });
  return emptyReply(204);
}

export function untag({ catalogue }: Api, { query }: ApiRequest, wanted: FunctionName): Reply {
  const dropped = new Set(query.getAll("tagKeys"));
  const kept = Object.entries(catalogue.get(wanted).tags).filter(([key]) => !dropped.has(key));
  catalogue.change(wanted.name, { tags: Object.fromEntries(kept) });
  return emptyReply(204);
}
