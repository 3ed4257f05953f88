import type { Artifact } from "../../../src/core/artifact.ts";
import { FaasifyError } from "../../../src/core/errors.ts";
import type { InvocationInput } from "../../../src/core/invocation.ts";
import type { DeployRequest, FaasProvider } from "../../../src/deploy/provider.ts";
import { writeFiles } from "../packager/support.ts";

export const never = new AbortController().signal;

/** A provider in memory: what is deployed by name, and what was asked of it. */
export interface FakeProvider extends FaasProvider {
  readonly deployed: Map<string, DeployRequest>;
  readonly requests: string[];
  readonly inputs: InvocationInput[];
}

export function fakeProvider(overrides: Partial<FaasProvider> = {}): FakeProvider {
  const deployed = new Map<string, DeployRequest>();
  const requests: string[] = [];
  const inputs: InvocationInput[] = [];
  return {
    id: "local",
    traits: { label: "Fake", maxArtifactBytes: 1, maxTimeoutMs: 900_000, reachesLoopback: true },
    deployed,
    requests,
    inputs,
    deploy: async (request) => {
      const before = deployed.get(request.name);
      const unchanged = JSON.stringify(before) === JSON.stringify(request);
      requests.push(`${unchanged ? "keep" : "deploy"} ${request.name}`);
      deployed.set(request.name, request);
      const { artifact, configuration, name } = request;
      const { sha256, buildId, inputs, sourceMapPath, bytes } = artifact;
      const deployedAt = new Date().toISOString();
      return {
        unchanged,
        deployment: {
          function: request.function,
          target: "local",
          name,
          version: "1",
          id: `fake:${name}`,
          sha256,
          buildId,
          artifactBytes: bytes,
          deployedAt,
          configuration,
          inputs,
          sourceMapPath,
        },
      };
    },
    invoke: async (name, input) => {
      if (!deployed.has(name)) throw new FaasifyError("function-not-deployed", "gone", { remedy: "Deploy" });
      inputs.push(input);
      return { requestId: "1", result: null, durationMs: 1, totalMs: 1, coldStart: false, log: [] };
    },
    remove: async (name) => {
      requests.push(`remove ${name}`);
      deployed.delete(name);
    },
    list: async () => [...deployed.keys()],
    logs: async () => [],
    metrics: async (name) => ({ name, invocations: 0, errors: 0, throttles: 0, coldStarts: 0 }),
    observations: async () => [],
    ...overrides,
  };
}

/** An artifact that lies in `folder` as the packager leaves it. */
export function artifactIn(folder: string, facts: Partial<Artifact> = {}): Artifact {
  const artifact: Artifact = {
    zipPath: `${folder}/function.zip`,
    sourceMapPath: `${folder}/index.map`,
    handler: "index.handler",
    bytes: 3,
    sha256: "sha",
    buildId: "build",
    debug: false,
    inputs: [],
    ...facts,
  };
  writeFiles(folder, {
    "function.zip": "zip",
    "index.map": `{"version":3,"sources":[],"mappings":""}`,
    "artifact.json": JSON.stringify(artifact),
  });
  return artifact;
}
