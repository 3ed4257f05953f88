/** Writes the copy of a decomposed program into a folder: its files, the packaged functions, and what calls them. */
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Program } from "../analysis/typescript/program.ts";
import type { Artifact } from "../core/artifact.ts";
import { version } from "../core/version.ts";
import { MANIFEST_FILE, type Manifest } from "../stub/manifest.ts";
import type { CliContext } from "./context.ts";
import { copyFiles, ORIGINALS, OWN_FOLDER } from "./program-copy.ts";
import type { ProgramLayout } from "./program-layout.ts";
import type { PackedPlan } from "./program-packaging.ts";
import { describeRemote, slashes } from "./program-remote.ts";
import { reportOf } from "./program-report.ts";
import { copyRuntime } from "./program-runtime.ts";

export interface WritingJob {
  readonly context: CliContext;
  readonly program: Program;
  readonly layout: ProgramLayout;
  /** Absolute path of the final folder. */
  readonly out: string;
  readonly target: string;
  /** Absolute path of the folder that becomes `out`. */
  readonly staging: string;
  readonly packed: PackedPlan;
}

/** Returns the entry's place in the copy. */
export async function writeCopy(job: WritingJob, entry: string): Promise<string> {
  const { context, program, layout, staging, packed } = job;
  const { filesOfCopy } = await context.analysis();
  const place = (file: string): string => slashes(layout.files.get(file) ?? path.relative(layout.base, file));
  const runtimeFrom = (file: string): string => {
    const up = path.posix.relative(path.posix.dirname(place(file)), `${OWN_FOLDER}/runtime.cjs`);
    return up.startsWith(".") && !up.startsWith(OWN_FOLDER) ? up : `./${up}`;
  };
  const texts = filesOfCopy(program, packed.moved, { place, runtimeFrom });
  const changed = texts.filter(({ text, original }) => text !== original);
  const newTexts = new Map(changed.map(({ path: file, text }) => [file, text]));
  const written = await copyFiles(staging, layout, newTexts);
  await writeRuntime(job);
  const hashes = changed.map(({ path: file, text }) => [place(file), { sha256: sha256(text) }] as const);
  const report = await reportOf(job, { place, rewritten: Object.fromEntries(hashes) });
  await writeManifest(job, { entry: place(entry), written: [...written], report, place });
  return place(entry);
}

async function writeRuntime({ context, staging, out, packed }: WritingJob): Promise<void> {
  const own = path.join(staging, OWN_FOLDER);
  await mkdir(path.join(own, ORIGINALS), { recursive: true });
  await copyRuntime(path.dirname(context.local.platformBundle), own);
  for (const { zipPath, sourceMapPath, ...facts } of packed.artifacts.values()) {
    const inOut = (file: string): string => path.join(out, path.relative(staging, file));
    const artifact: Artifact = { zipPath: inOut(zipPath), sourceMapPath: inOut(sourceMapPath), ...facts };
    await writeFile(path.join(path.dirname(zipPath), "artifact.json"), JSON.stringify(artifact));
  }
}

type Facts = Pick<Manifest, "entry" | "written" | "report"> & { readonly place: (file: string) => string };

async function writeManifest(
  { context, staging, target, packed }: WritingJob,
  { place, ...facts }: Facts,
): Promise<void> {
  const own = path.join(staging, OWN_FOLDER);
  const functions = packed.moved.flatMap((moved) => {
    const artifact = packed.artifacts.get(moved);
    const key = `${place(moved.ref.file)}#${moved.ref.name}`;
    return artifact ? [[key, describeRemote(moved, artifact, { place, own, root: staging })] as const] : [];
  });
  const manifest: Manifest = {
    faasify: version,
    dist: path.dirname(context.local.platformBundle),
    node: process.execPath,
    target,
    ...facts,
    functions: Object.fromEntries(functions),
  };
  await writeFile(path.join(own, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
