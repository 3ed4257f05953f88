/** The source maps of all builds of a session, by build id: a paused sandbox keeps the map of its own build. */
import type { Artifact } from "../../core/artifact.ts";
import { readBundleText } from "./bundle-text.ts";
import { type BundleMap, loadBundleMap } from "./bundle-map.ts";

export interface SourceMaps {
  /** @throws FaasifyError when the artifact's map cannot be read */
  add(artifact: Artifact): Promise<BundleMap>;
  get(buildId: string): BundleMap | undefined;
  all(): readonly BundleMap[];
  /** Of the build that was added last. */
  latest(): BundleMap | undefined;
}

export function createSourceMaps(): SourceMaps {
  const maps = new Map<string, BundleMap>();
  let latest: BundleMap | undefined;
  return {
    async add({ buildId, sourceMapPath, zipPath }) {
      const map = maps.get(buildId) ?? (await loadBundleMap(buildId, sourceMapPath, await readBundleText(zipPath)));
      maps.set(buildId, map);
      latest = map;
      return map;
    },
    all: () => [...maps.values()],
    get: (buildId) => maps.get(buildId),
    latest: () => latest,
  };
}
