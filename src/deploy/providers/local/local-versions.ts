/** Versions and aliases on the local platform, through its Lambda API. */
import * as v from "valibot";
import { isAboutAlias, missingQualifier, versionConflict, versionNotFound } from "../../lambda/version-failures.ts";
import type { DeployedAlias, FunctionAlias, FunctionVersion, FunctionVersions } from "../../provider.ts";
import { API, errorOf, failureOf, readAnswer } from "./lambda-messages.ts";
import type { Answer, Send, SignedRequest } from "./signed-http.ts";

const versionSchema = v.object({
  Version: v.string(),
  CodeSha256: v.string(),
  Description: v.optional(v.string(), ""),
});
const versionListSchema = v.object({ Versions: v.array(versionSchema), NextMarker: v.nullish(v.string()) });
const aliasSchema = v.object({
  Name: v.string(),
  FunctionVersion: v.string(),
  RevisionId: v.string(),
  RoutingConfig: v.nullish(v.object({ AdditionalVersionWeights: v.nullish(v.record(v.string(), v.number())) })),
});
const aliasListSchema = v.object({ Aliases: v.array(aliasSchema), NextMarker: v.nullish(v.string()) });

export function createLocalVersions(send: Send): FunctionVersions {
  return {
    publish: async (name, { sha256, description }, signal) => {
      const body = JSON.stringify({ CodeSha256: sha256, Description: description });
      const answer = await send({ method: "POST", path: `${API}/${name}/versions`, body }, signal);
      if (answer.status === 400 && sha256 !== undefined && errorOf(answer).message.includes("CodeSHA256")) {
        throw versionConflict(`${name} was deployed by somebody else meanwhile, so it was not published`);
      }
      return toVersion(readAnswer(versionSchema, succeeded(answer, name)));
    },
    list: async (name, signal) => {
      const pages = await readPages(send, { name, what: "versions", schema: versionListSchema }, signal);
      return pages
        .flatMap(({ Versions }) => Versions)
        .filter(({ Version }) => Version !== LATEST)
        .map(toVersion);
    },
    remove: async (name, version, signal) => {
      const path = `${API}/${name}?Qualifier=${encodeURIComponent(version)}`;
      const answer = await send({ method: "DELETE", path }, signal);
      if (answer.status === 409) throw versionConflict(`Version ${version} of ${name} is in use by an alias`);
      if (!lacks(answer, (message) => missingQualifier(message) !== undefined)) succeeded(answer, name);
    },
    alias: (name, wanted, signal) => readAlias(send, { name, alias: wanted }, signal),
    aliases: async (name, signal) => {
      const pages = await readPages(send, { name, what: "aliases", schema: aliasListSchema }, signal);
      return pages.flatMap(({ Aliases }) => Aliases).map(toAlias);
    },
    setAlias: async (name, wanted, { revision }, signal) => {
      const known = revision ?? (await readAlias(send, { name, alias: wanted.name }, signal))?.revision ?? "new";
      const answer = await send(changeOf(name, wanted, known), signal);
      if (answer.status === 409 || answer.status === 412 || lacks(answer, isAboutAlias)) {
        throw versionConflict(`The alias ${wanted.name} of ${name} was changed by somebody else meanwhile`);
      }
      const missing = answer.status === 404 ? missingQualifier(errorOf(answer).message) : undefined;
      if (missing !== undefined) throw versionNotFound(name, missing);
      return toAlias(readAnswer(aliasSchema, succeeded(answer, name)));
    },
    removeAlias: async (name, wanted, signal) => {
      const answer = await send({ method: "DELETE", path: aliasPath(name, wanted) }, signal);
      if (!lacks(answer, isAboutAlias)) succeeded(answer, name);
    },
  };
}

const LATEST = "$LATEST";

async function readAlias(
  send: Send,
  { name, alias }: { readonly name: string; readonly alias: string },
  signal: AbortSignal,
): Promise<DeployedAlias | undefined> {
  const answer = await send({ method: "GET", path: aliasPath(name, alias) }, signal);
  if (lacks(answer, isAboutAlias)) return undefined;
  return toAlias(readAnswer(aliasSchema, succeeded(answer, name)));
}

function changeOf(name: string, { version, canary, name: alias }: FunctionAlias, revision: string): SignedRequest {
  const RoutingConfig = { AdditionalVersionWeights: canary ? { [canary.version]: canary.weight } : {} };
  const routing = { FunctionVersion: version, RoutingConfig };
  if (revision === "new") {
    return { method: "POST", path: `${API}/${name}/aliases`, body: JSON.stringify({ Name: alias, ...routing }) };
  }
  return { method: "PUT", path: aliasPath(name, alias), body: JSON.stringify({ ...routing, RevisionId: revision }) };
}

interface PageRequest<Page> {
  readonly name: string;
  readonly what: "versions" | "aliases";
  readonly schema: v.GenericSchema<unknown, Page>;
}

async function readPages<Page extends { readonly NextMarker?: string | null | undefined }>(
  send: Send,
  { name, what, schema }: PageRequest<Page>,
  signal: AbortSignal,
): Promise<readonly Page[]> {
  const pages: Page[] = [];
  let marker: string | undefined;
  do {
    const query = marker === undefined ? "" : `?Marker=${encodeURIComponent(marker)}`;
    const answer = await send({ method: "GET", path: `${API}/${name}/${what}${query}` }, signal);
    const page = readAnswer(schema, succeeded(answer, name));
    pages.push(page);
    marker = page.NextMarker ?? undefined;
  } while (marker !== undefined);
  return pages;
}

const aliasPath = (name: string, alias: string): string => `${API}/${name}/aliases/${encodeURIComponent(alias)}`;

const lacks = (answer: Answer, isAbout: (message: string) => boolean): boolean =>
  answer.status === 404 && isAbout(errorOf(answer).message);

function succeeded(answer: Answer, name: string): Answer {
  if (answer.status >= 300) throw failureOf(answer, name);
  return answer;
}

function toVersion({ Version, CodeSha256, Description }: v.InferOutput<typeof versionSchema>): FunctionVersion {
  return { version: Version, sha256: CodeSha256, description: Description };
}

function toAlias({ Name, FunctionVersion, RevisionId, RoutingConfig }: v.InferOutput<typeof aliasSchema>) {
  const [canary] = Object.entries(RoutingConfig?.AdditionalVersionWeights ?? {});
  return {
    name: Name,
    version: FunctionVersion,
    ...(canary && { canary: { version: canary[0], weight: canary[1] } }),
    revision: RevisionId,
  };
}
