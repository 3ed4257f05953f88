import { stat } from "node:fs/promises";
import type { Deployment } from "./provider.ts";

type Dated = Pick<Deployment, "inputs" | "deployedAt">;

/** File systems note times down late, by up to a clock tick of the kernel; some round them. */
const MARGIN_MS = 20;

/** Has a source changed, or gone, since this was deployed? For people: judged by time stamps, so it is cheap. */
export function isStale(deployment: Dated): Promise<boolean> {
  return changedAfter(deployment, 0);
}

/**
 * Like {@link isStale}, but never says no after a change: deciding whether to package again must not miss an edit that
 * came right behind the deployment. Packaging then finds out what really changed.
 */
export function mayBeStale(deployment: Dated): Promise<boolean> {
  return changedAfter(deployment, -MARGIN_MS);
}

async function changedAfter({ inputs, deployedAt }: Dated, offsetMs: number): Promise<boolean> {
  const since = Date.parse(deployedAt) + offsetMs;
  const times = await Promise.all(
    inputs.map((file) =>
      stat(file).then(
        // An older file that was moved here (a backup put back) keeps its modification time: only its inode's tells.
        ({ mtimeMs, ctimeMs }) => Math.max(mtimeMs, ctimeMs),
        () => Number.POSITIVE_INFINITY,
      ),
    ),
  );
  return times.some((time) => time > since);
}
