/** From method and path to the operation. */
import { unknownOperation, unsupportedMediaType } from "../http/lambda-error.ts";
import type { Reply } from "../http/reply.ts";
import type { ApiRequest } from "../http/request.ts";
import * as aliases from "./aliases.ts";
import type { Api } from "./api.ts";
import * as codeSigning from "./code-signing.ts";
import * as concurrency from "./concurrency.ts";
import * as eventInvoke from "./event-invoke.ts";
import * as urls from "./function-urls.ts";
import * as functions from "./functions.ts";
import * as layers from "./layers.ts";
import { parseFunctionName, type FunctionName } from "./names.ts";
import { handleOwn, type OwnApi } from "./own.ts";
import * as policies from "./policies.ts";
import * as reads from "./reads.ts";
import * as tags from "./tags.ts";
import * as versions from "./versions.ts";

type Operation = (api: Api, request: ApiRequest, parameters: readonly string[]) => Reply;

/** An operation on a function, and perhaps on something of it that is named behind it. */
type OnFunction = (api: Api, request: ApiRequest, wanted: FunctionName, second: string) => Reply;

const named =
  (operation: OnFunction): Operation =>
  (api, request, [name = "", second = ""]) =>
    operation(api, request, parseFunctionName(name, request.query.get("Qualifier")), second);

/** `METHOD date/resource`, with every second segment from there on as a parameter, `*`. */
const operations: Readonly<Record<string, Operation>> = {
  "POST 2015-03-31/functions": functions.createFunction,
  "GET 2015-03-31/functions": functions.listFunctions,
  "GET 2015-03-31/functions/*": named(functions.getFunction),
  "DELETE 2015-03-31/functions/*": named(functions.deleteFunction),
  "GET 2015-03-31/functions/*/configuration": named(functions.getConfiguration),
  "PUT 2015-03-31/functions/*/configuration": named(functions.updateConfiguration),
  "PUT 2015-03-31/functions/*/code": named(functions.updateCode),
  "POST 2015-03-31/functions/*/versions": named(versions.publishVersion),
  "GET 2015-03-31/functions/*/versions": named(versions.listVersions),
  "POST 2015-03-31/functions/*/aliases": named(aliases.createAlias),
  "GET 2015-03-31/functions/*/aliases": named(aliases.listAliases),
  "GET 2015-03-31/functions/*/aliases/*": named(aliases.getAlias),
  "PUT 2015-03-31/functions/*/aliases/*": named(aliases.updateAlias),
  "DELETE 2015-03-31/functions/*/aliases/*": named(aliases.deleteAlias),
  "PUT 2017-10-31/functions/*/concurrency": named(concurrency.putConcurrency),
  "GET 2019-09-30/functions/*/concurrency": named(concurrency.getConcurrency),
  "DELETE 2017-10-31/functions/*/concurrency": named(concurrency.deleteConcurrency),
  "GET 2016-08-19/account-settings": concurrency.getAccountSettings,
  "PUT 2019-09-25/functions/*/event-invoke-config": named(eventInvoke.putEventConfig),
  "POST 2019-09-25/functions/*/event-invoke-config": named(eventInvoke.updateEventConfig),
  "GET 2019-09-25/functions/*/event-invoke-config": named(eventInvoke.getEventConfig),
  "GET 2019-09-25/functions/*/event-invoke-config/*": named(eventInvoke.listEventConfigs),
  "DELETE 2019-09-25/functions/*/event-invoke-config": named(eventInvoke.deleteEventConfig),
  "POST 2021-10-31/functions/*/url": named(urls.createUrl),
  "GET 2021-10-31/functions/*/url": named(urls.getUrl),
  "PUT 2021-10-31/functions/*/url": named(urls.updateUrl),
  "DELETE 2021-10-31/functions/*/url": named(urls.deleteUrl),
  "GET 2021-10-31/functions/*/urls": named(urls.listUrls),
  "POST 2015-03-31/functions/*/policy": named(policies.addPermission),
  "GET 2015-03-31/functions/*/policy": named(policies.getPolicy),
  "DELETE 2015-03-31/functions/*/policy/*": named(policies.removePermission),
  "POST 2018-10-31/layers/*/versions": layers.publishLayer,
  "GET 2018-10-31/layers/*/versions": layers.listLayerVersions,
  "GET 2018-10-31/layers/*/versions/*": layers.getLayerVersion,
  "DELETE 2018-10-31/layers/*/versions/*": layers.deleteLayerVersion,
  "GET 2018-10-31/layers/*/versions/*/policy": reads.getLayerPolicy,
  "GET 2018-10-31/layers": layers.listLayers,
  "GET 2020-06-30/functions/*/code-signing-config": named(codeSigning.getCodeSigning),
  "PUT 2020-06-30/functions/*/code-signing-config": named(codeSigning.putCodeSigning),
  "DELETE 2020-06-30/functions/*/code-signing-config": named(codeSigning.deleteCodeSigning),
  "GET 2020-04-22/code-signing-configs": codeSigning.listCodeSigningConfigs,
  "GET 2020-04-22/code-signing-configs/*": codeSigning.getCodeSigningConfig,
  "GET 2021-07-20/functions/*/runtime-management-config": named(reads.getRuntimeManagement),
  "GET 2024-08-31/functions/*/recursion-config": named(reads.getRecursion),
  "PUT 2024-08-31/functions/*/recursion-config": named(reads.putRecursion),
  "GET 2019-09-30/functions/*/provisioned-concurrency": named(reads.getProvisioned),
  "PUT 2019-09-30/functions/*/provisioned-concurrency": reads.putProvisioned,
  "DELETE 2019-09-30/functions/*/provisioned-concurrency": named(reads.deleteProvisioned),
  "GET 2015-03-31/event-source-mappings": reads.listEventSources,
  "POST 2015-03-31/event-source-mappings": reads.createEventSource,
  "GET 2015-03-31/event-source-mappings/*": reads.getEventSource,
  "GET 2017-03-31/tags/*": named(tags.listTags),
  "POST 2017-03-31/tags/*": named(tags.tag),
  "DELETE 2017-03-31/tags/*": named(tags.untag),
};

const MAX_SEGMENTS = 7;

export function createRouter(api: Api, own: OwnApi): (request: ApiRequest) => Reply | Promise<Reply> {
  return (request) => {
    const { method, segments } = request;
    if (segments[0] === "_faasify") return handleOwn(own, request, segments.slice(1));
    checkMediaType(request);
    if (segments.length > MAX_SEGMENTS) throw unknownOperation();
    const isParameter = (index: number): boolean => index >= 2 && index % 2 === 0;
    const path = segments.map((segment, index) => (isParameter(index) ? "*" : segment)).join("/");
    const key = `${method} ${path}`;
    const operation = Object.hasOwn(operations, key) ? operations[key] : undefined;
    if (!operation) throw unknownOperation();
    return operation(
      api,
      request,
      segments.filter((_, index) => isParameter(index)),
    );
  };
}

/** A body that says to be something else than JSON is refused; one that says nothing is read as JSON. */
function checkMediaType(request: ApiRequest): void {
  const contentType = request.header("content-type");
  if (request.body.length === 0 || contentType === undefined) return;
  if (!/json|octet-stream/i.test(contentType)) throw unsupportedMediaType(contentType);
}
