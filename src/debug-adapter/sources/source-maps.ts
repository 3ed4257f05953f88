/** The source maps of all builds of a session, by build id: a paused sandbox keeps the map of its own build. */
import type { Artifact } from "../../core/artifact.ts";
import { readBundleText } from "./bundle-text.ts";
import { type BundleMap, loadBundleMap } from "./bundle-map.ts";

/** Their names are in stacks that the user may still read. */
const KEPT_BUILDS = 20;

export interface SourceMaps {
  /**
   * @param functionName - whose build it is, as the configuration names it
   * @throws FaasifyError when the artifact's map cannot be read
   */
  add(artifact: Artifact, functionName: string): Promise<BundleMap>;
  get(buildId: string): BundleMap | undefined;
  all(): readonly BundleMap[];
  /** Forgets all but these builds and the latest ones. */
  keep(buildIds: ReadonlySet<string>): void;
  /** Of the function's build that was added last. */
  latest(functionName: string): BundleMap | undefined;
  /** The latest one of each function. */
  current(): readonly BundleMap[];
  functionOf(buildId: string): string | undefined;
}

export function createSourceMaps(): SourceMaps {
  const maps = new Map<string, BundleMap>();
  const functions = new Map<string, string>();
  const latest = new Map<string, BundleMap>();
  return {
    async add({ buildId, sourceMapPath, zipPath }, functionName) {
      const map = maps.get(buildId) ?? (await loadBundleMap(buildId, sourceMapPath, await readBundleText(zipPath)));
      maps.delete(buildId);
      maps.set(buildId, map);
      functions.set(buildId, functionName);
      latest.set(functionName, map);
      return map;
    },
    all: () => [...maps.values()],
    get: (buildId) => maps.get(buildId),
    keep: (buildIds) => {
      const inUse = new Set([...buildIds, ...Array.from(latest.values(), (map) => map.buildId)]);
      for (const buildId of [...maps.keys()].slice(0, -KEPT_BUILDS)) if (!inUse.has(buildId)) maps.delete(buildId);
    },
    latest: (functionName) => latest.get(functionName),
    current: () => [...latest.values()],
    functionOf: (buildId) => functions.get(buildId),
  };
}
