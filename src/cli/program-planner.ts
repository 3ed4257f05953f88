/**
 * Plans the decomposition of a program that is about to start: dist/program-planner.cjs, a process of its own, which gets
 * its request by standard input and writes texts, manifest and packaged functions into a folder of the data folder.
 */
import { randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { text } from "node:stream/consumers";
import { FaasifyError, serializeError } from "../core/errors.ts";
import { version } from "../core/version.ts";
import { dataFolder } from "../deploy/data-folder.ts";
import type { FaasProvider } from "../deploy/provider.ts";
import { createRegistry } from "../deploy/registry.ts";
import type { Plan, PlanRequest } from "../register/plan.ts";
import { MANIFEST_FILE, type Manifest } from "../stub/manifest.ts";
import type * as analysisBundle from "./analysis-main.ts";
import { loadedFiles } from "./loaded-files.ts";
import { functionFilter } from "./function-filter.ts";
import { keepCompiled } from "./keep-compiled.ts";
import { layoutOf } from "./program-layout.ts";
import { packagePlan, type PackagingContext, type PackedPlan } from "./program-packaging.ts";
import { describeRemote, slashes } from "./program-remote.ts";
import { copyRuntime } from "./program-runtime.ts";

type Analysis = typeof analysisBundle;

keepCompiled();
void answer().then((reply) => process.stdout.write(JSON.stringify(reply)));

async function answer(): Promise<object> {
  try {
    return { plan: await makePlan(JSON.parse(await text(process.stdin)) as PlanRequest) };
  } catch (error) {
    return { failure: serializeError(error) };
  }
}

/** Gives the path of the plan. */
async function makePlan(request: PlanRequest): Promise<string> {
  const { entry, programs, dist } = request;
  // One millisecond more because modification times have fractions.
  const builtAt = new Date(Date.now() + 1).toISOString();
  const analysis = createRequire(__filename)(path.join(dist, "cli-analysis.cjs")) as Analysis;
  const program = analysis.programOf(entry);
  const { base, files: places } = layoutOf([...program.files.map(({ module }) => module.file), ...program.dataFiles]);
  const place = (file: string): string => slashes(places.get(file) ?? path.relative(base, file));
  // A name of its own: another process may be running by the earlier plan.
  const folder = path.join(programs, randomUUID(), ".faasify");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const context: PackagingContext = {
    analysis: async () => analysis,
    signal: new AbortController().signal,
    local: { platformBundle: path.join(dist, "platform.cjs") },
  };
  const isSelected = selectionFor(analysis, request, { program, base });
  const { traits } = await providerOf(request);
  const hasChannel = traits.reachesLoopback;
  const packed = await packagePlan(context, program, { isSelected, unitFolder: folder, hasChannel });
  await copyRuntime(dist, folder);
  await writeManifest(request, { packed, folder, base, place });
  const runtime = path.join(folder, "runtime.cjs");
  const texts = analysis.filesOfCopy(program, packed.moved, { place, runtimeFrom: () => runtime });
  const plan: Plan = {
    faasify: version,
    folder,
    files: await loadedFiles(program, texts, request.stripsTypes),
    inputs: [...places.keys()],
    builtAt,
    moved: packed.moved.map(({ ref }) => `${place(ref.file)}#${ref.name}`),
    stays: packed.staying.map(({ ref, reason }) => ({ function: `${place(ref.file)}#${ref.name}`, reason })),
  };
  return putPlan(programs, plan);
}

/** Is not connected to. */
function providerOf({ dist, target }: PlanRequest): Promise<FaasProvider> {
  const platformBundle = path.join(dist, "platform.cjs");
  const local = { folder: dataFolder().platform, platformBundle, version };
  const aws = { bundle: path.join(dist, "provider-aws.cjs"), options: () => ({}) };
  return createRegistry({ local, aws }).get(target);
}

/** By the globs that are given; without any, functions with a directive that does not keep them here. */
function selectionFor(
  { analyzeFile, functionsOf }: Analysis,
  { functions }: PlanRequest,
  { program, base }: { readonly program: Parameters<Analysis["functionsOf"]>[0]; readonly base: string },
): (ref: { readonly file: string; readonly name: string }) => boolean {
  const idOf = ({ file, name }: { readonly file: string; readonly name: string }): string =>
    `${slashes(path.relative(base, file))}#${name}`;
  if (functions.length > 0) {
    const filter = functionFilter({ idOf }, functions);
    if (functionsOf(program).some(filter)) return filter;
    throw new FaasifyError("function-not-found", `FAASIFY_FUNCTIONS names no function: ${functions.join(" ")}`, {
      remedy: "Name functions as price, Cart.* or path/to/file.ts#name",
    });
  }
  const marked = new Set(
    program.files.flatMap(({ module }) =>
      analyzeFile(module.file).functions.flatMap((model) =>
        model.directive && model.directive.place !== "local" ? [idOf(model)] : [],
      ),
    ),
  );
  return (ref) => marked.has(idOf(ref));
}

interface Written {
  readonly packed: PackedPlan;
  readonly folder: string;
  readonly base: string;
  readonly place: (file: string) => string;
}

async function writeManifest(
  { entry, dist, target }: PlanRequest,
  { packed, folder, base, place }: Written,
): Promise<void> {
  const functions = packed.moved.flatMap((moved) => {
    const artifact = packed.artifacts.get(moved);
    const key = `${place(moved.ref.file)}#${moved.ref.name}`;
    return artifact ? [[key, describeRemote(moved, artifact, { place, own: folder })] as const] : [];
  });
  const manifest: Manifest = {
    faasify: version,
    dist,
    node: process.execPath,
    target,
    root: base,
    entry: place(entry),
    written: [],
    functions: Object.fromEntries(functions),
  };
  await writeFile(path.join(folder, MANIFEST_FILE), JSON.stringify(manifest));
}

const DAY_MS = 86_400_000;

/** In place of the earlier one, whose folder goes when no program can be running by it any more. */
async function putPlan(programs: string, plan: Plan): Promise<string> {
  const file = path.join(programs, "plan.json");
  await writeFile(`${file}.${process.pid}`, JSON.stringify(plan));
  await rename(`${file}.${process.pid}`, file);
  const own = path.basename(path.dirname(plan.folder));
  for (const name of await readdir(programs)) {
    const folder = path.join(programs, name);
    const about = await stat(folder).catch(() => undefined);
    const isOld = about?.isDirectory() && Date.now() - about.mtimeMs > DAY_MS;
    if (isOld && name !== own) await rm(folder, { recursive: true, force: true });
  }
  return file;
}
