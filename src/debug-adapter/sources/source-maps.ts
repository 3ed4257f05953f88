/** The source maps of all builds of a session, by build id: a paused sandbox keeps the map of its own build. */
import type { Artifact } from "../../core/artifact.ts";
import { readBundleText } from "./bundle-text.ts";
import { type BundleMap, loadBundleMap } from "./bundle-map.ts";

/** Their names are in stacks that the user may still read. */
const KEPT_BUILDS = 20;

export interface SourceMaps {
  /** @throws FaasifyError when the artifact's map cannot be read */
  add(artifact: Artifact): Promise<BundleMap>;
  get(buildId: string): BundleMap | undefined;
  all(): readonly BundleMap[];
  /** Forgets all but these builds and the latest ones. */
  keep(buildIds: ReadonlySet<string>): void;
  /** Of the build that was added last. */
  latest(): BundleMap | undefined;
}

export function createSourceMaps(): SourceMaps {
  const maps = new Map<string, BundleMap>();
  let latest: BundleMap | undefined;
  return {
    async add({ buildId, sourceMapPath, zipPath }) {
      const map = maps.get(buildId) ?? (await loadBundleMap(buildId, sourceMapPath, await readBundleText(zipPath)));
      maps.delete(buildId);
      maps.set(buildId, map);
      latest = map;
      return map;
    },
    all: () => [...maps.values()],
    get: (buildId) => maps.get(buildId),
    keep: (buildIds) => {
      for (const buildId of [...maps.keys()].slice(0, -KEPT_BUILDS)) if (!buildIds.has(buildId)) maps.delete(buildId);
    },
    latest: () => latest,
  };
}
