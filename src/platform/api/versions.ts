/** Published versions. */
import { invalidParameter } from "../http/lambda-error.ts";
import { jsonReply, type Reply } from "../http/reply.ts";
import type { ApiRequest } from "../http/request.ts";
import { mustBeUnqualified, type Api } from "./api.ts";
import { parseBody, publishSchema } from "./input.ts";
import type { FunctionName } from "./names.ts";
import { page } from "./paging.ts";
import { configurationView, listView } from "./views.ts";

export function listVersions({ catalogue }: Api, { query }: ApiRequest, wanted: FunctionName): Reply {
  const { name, latest, versions } = catalogue.get(wanted);
  const items = [latest, ...versions].map((version) => listView(name, version, true));
  return jsonReply(200, page(items, query, "Versions"));
}

export function publishVersion({ catalogue }: Api, { body }: ApiRequest, wanted: FunctionName): Reply {
  const input = parseBody(body, publishSchema);
  mustBeUnqualified(wanted);
  const { latest } = catalogue.get(wanted);
  catalogue.checkRevision(latest, input.RevisionId);
  if (input.CodeSha256 !== undefined && input.CodeSha256 !== latest.codeSha256) {
    throw invalidParameter(
      `CodeSHA256 (${input.CodeSha256}) is different from current CodeSHA256 in $LATEST (${latest.codeSha256}). Please try again with the CodeSHA256 in $LATEST.`,
    );
  }
  const published = catalogue.publish(wanted.name, input.Description);
  return jsonReply(201, configurationView(wanted.name, published, published.version));
}
