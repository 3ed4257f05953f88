import { access, readFile, stat } from "node:fs/promises";
import path from "node:path";
import * as v from "valibot";
import type { Artifact } from "../core/artifact.ts";

export const artifactSchema = v.object({
  zipPath: v.string(),
  sourceMapPath: v.string(),
  handler: v.string(),
  bytes: v.number(),
  sha256: v.string(),
  buildId: v.string(),
  debug: v.boolean(),
  inputs: v.array(v.string()),
  convention: v.exactOptional(v.picklist(["plain", "lambda"])),
  packages: v.exactOptional(
    v.array(
      v.object({
        name: v.string(),
        version: v.string(),
        place: v.string(),
        bytes: v.number(),
        reason: v.exactOptional(v.string()),
      }),
    ),
  ),
  assets: v.exactOptional(v.array(v.string())),
  environment: v.exactOptional(v.array(v.string())),
});

/** The artifact that a source map belongs to, if it is still there, and whole. */
export async function artifactBeside(sourceMapPath: string): Promise<Artifact | undefined> {
  try {
    const text = await readFile(path.join(path.dirname(sourceMapPath), "artifact.json"), "utf8");
    const result = v.safeParse(artifactSchema, JSON.parse(text));
    if (!result.success) return undefined;
    const [{ size }] = await Promise.all([stat(result.output.zipPath), access(result.output.sourceMapPath)]);
    // A power failure may leave a file empty.
    return size === result.output.bytes ? result.output : undefined;
  } catch {
    return undefined;
  }
}
