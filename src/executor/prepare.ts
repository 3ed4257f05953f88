/** A function of this program → the same one where it is deployed. */
import path from "node:path";
import { FaasifyError } from "../core/errors.ts";
import { version } from "../core/version.ts";
import { dataFolder } from "../deploy/data-folder.ts";
import { deploymentName } from "../deploy/deployment-name.ts";
import { createDeploymentStore } from "../deploy/deployment-store.ts";
import type { FaasProvider, FunctionConfiguration } from "../deploy/provider.ts";
import { createRegistry } from "../deploy/registry.ts";
import { findUnit } from "./find-unit.ts";
import { capturedValue, inspectFunction, type InspectedFunction } from "./inspect-function.ts";
import type { RemoteFunction } from "./remote-chunks.ts";
import { classesOf } from "./travelling-classes.ts";
import type { BuiltUnit } from "./unit-request.ts";

export type AnyFunction = (...args: never[]) => unknown;

export interface ExecutorSettings {
  /** Name of a deployment target. */
  readonly target: string;
  readonly memoryMb: number;
  readonly timeoutMs: number;
}

export interface Preparer {
  /** Deploys it, unless it is there as it is. Once per function, however often it is asked for. */
  prepare(fn: AnyFunction, signal: AbortSignal): Promise<RemoteFunction>;
  /** Puts a function there again that was removed since. */
  redeploy(remote: RemoteFunction, signal: AbortSignal): Promise<void>;
}

interface Deployed {
  readonly unit: BuiltUnit;
  readonly provider: FaasProvider;
  readonly name: string;
}

/** @param dist - absolute path of the folder with FaaSify's bundles */
export function createPreparer(dist: string, settings: ExecutorSettings): Preparer {
  const folders = dataFolder();
  const platformBundle = path.join(dist, "platform.cjs");
  const local = { folder: folders.platform, platformBundle, version, nodePath: process.env["FAASIFY_NODE"] };
  const registry = createRegistry({
    local,
    aws: { bundle: path.join(dist, "provider-aws.cjs"), options: () => ({}) },
  });
  const store = createDeploymentStore(folders.deployments);
  const configuration: FunctionConfiguration = {
    memoryMb: settings.memoryMb,
    timeoutMs: settings.timeoutMs,
    environment: {},
  };
  /** By file and place: closures of one text share a unit, and differ in what they capture. */
  const known = new Map<string, Promise<Deployed>>();
  /** Functions that capture nothing: there is nothing to ask the engine again. */
  const constant = new WeakMap<AnyFunction, RemoteFunction>();

  const deploy = async (unit: BuiltUnit, file: string, signal: AbortSignal): Promise<Deployed> => {
    const provider = await registry.get(settings.target);
    const ref = { file, name: unit.name };
    const name = deploymentName(ref);
    const request = { function: ref, name, artifact: unit.artifact, configuration };
    const { deployment, unchanged } = await provider.deploy(request, signal);
    if (!unchanged || !(await store.find(ref, deployment.target, deployment.place))) {
      await store.save({ ...deployment, packagedBy: version });
    }
    return { unit, provider, name };
  };
  const find = (inspected: InspectedFunction, signal: AbortSignal): Promise<Deployed> => {
    const { file, line0, column0 } = inspected;
    const key = `${file}:${line0}:${column0}`;
    const earlier = known.get(key);
    if (earlier) return earlier;
    const places = { root: folders.root, artifacts: folders.artifacts, dist };
    const found = findUnit(inspected, places, signal).then((unit) => deploy(unit, file, signal));
    known.set(key, found);
    found.catch(() => known.delete(key));
    return found;
  };
  return {
    prepare: async (fn, signal) => {
      const place = new Error();
      const earlier = constant.get(fn);
      if (earlier) return { ...earlier, place };
      const inspected = inspectFunction(fn);
      const deployed = await find(inspected, signal);
      const { captured, state } = valuesFor(deployed.unit, inspected);
      const remote = { ...deployed, captured, state, classes: classesOf(deployed.unit, inspected.scopes), place };
      if (Object.keys(captured).length + Object.keys(state).length === 0) constant.set(fn, remote);
      return remote;
    },
    redeploy: async ({ unit, name }, signal) => {
      const provider = await registry.get(settings.target);
      const file = unit.file;
      await provider.deploy(
        { function: { file, name: unit.name }, name, artifact: unit.artifact, configuration },
        signal,
      );
    },
  };
}

type Values = Readonly<Record<string, unknown>>;

function valuesFor(
  unit: BuiltUnit,
  { scopes }: InspectedFunction,
): { readonly captured: Values; readonly state: Values } {
  const value = (name: string): unknown => {
    const found = capturedValue(scopes, name);
    if (found) return found.value;
    throw new FaasifyError("value-not-portable", `The value of \`${name}\`, which ${unit.name} uses, is not known`, {
      remedy: "Give it to the function as its item",
    });
  };
  const captured = Object.fromEntries(unit.captured.map((name) => [name, value(name)]));
  const state = Object.fromEntries(unit.state.map(({ id, name }) => [id, value(name)]));
  return { captured, state };
}
