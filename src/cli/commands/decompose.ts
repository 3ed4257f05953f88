import { readdirSync, statSync } from "node:fs";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Artifact } from "../../core/artifact.ts";
import { FaasifyError } from "../../core/errors.ts";
import { formatFunctionRef, type FunctionRef } from "../../core/function-ref.ts";
import { version } from "../../core/version.ts";
import { assetHash, type PackedAsset } from "../../stub/assets.ts";
import { MANIFEST_FILE, type Manifest, type RemoteFunction } from "../../stub/manifest.ts";
import type { DecompositionPlan, MovedFunction } from "../../transform/decompose.ts";
import type { Program } from "../../analysis/typescript/program.ts";
import { EXIT, wrongUsage, type Command, type CommandInput } from "../command.ts";
import type { CliContext } from "../context.ts";
import { functionFilter } from "../function-filter.ts";
import { copyFiles, openStaging, OWN_FOLDER } from "../program-copy.ts";
import { entryOf, filesOf, layoutOf, type ProgramLayout } from "../program-layout.ts";
import { targetOption, toTarget } from "../target.ts";

/** What a copy brings along of FaaSify. */
const runtimeFiles = ["runtime.cjs", "runtime.d.cts", "stub-main.cjs", "stub-worker.cjs"];

export const decompose: Command = {
  name: "decompose",
  summary: "Copy a program so that its functions run as cloud functions",
  usage: "<file|folder> --out DIR [--target T] [--functions GLOB]... [--json]",
  help: [
    "The copy does what the program does, run by plain node: the functions that can move are called where they are",
    `deployed, at the first call. ${OWN_FOLDER}/ in it has their packages; docs/decompose.md says which functions move.`,
    "",
    "  --out DIR         written to; made when it does not exist, else empty or an earlier output",
    "  --functions GLOB  only these: by name (price, Cart.*) or path/to/file.ts#name; may be given several times",
    "  --target T        where they are deployed: local (the default)",
  ].join("\n"),
  options: { ...targetOption, out: { type: "string" }, functions: { type: "string", multiple: true } },
  run: async (input, context) => {
    const { place, out } = readInput(input, context);
    const target = toTarget(input);
    await (await context.deployer()).provider(target);
    const entry = entryOf(place);
    const { programOf } = await context.analysis();
    const program = programOf(entry);
    const layout = layoutOf(filesFor(program, place, out));
    await using staging = await openStaging(out, layout.base);
    const packed = await packagePlan(context, program, { input, unitFolder: path.join(staging.folder, OWN_FOLDER) });
    const job: Job = { context, program, layout, out, target, staging: staging.folder, packed };
    const entryPlace = await writeCopy(job, entry);
    await staging.finish();
    report(input, job, entryPlace);
    return EXIT.done;
  },
};

interface Job {
  readonly context: CliContext;
  readonly program: Program;
  readonly layout: ProgramLayout;
  readonly out: string;
  readonly target: string;
  /** Absolute path of the folder that becomes `out`. */
  readonly staging: string;
  readonly packed: PackedPlan;
}

interface PackedPlan extends DecompositionPlan {
  readonly artifacts: ReadonlyMap<MovedFunction, Artifact>;
}

function readInput(input: CommandInput, { cwd }: CliContext): { readonly place: string; readonly out: string } {
  const [text, ...more] = input.positionals;
  const out = input.text("out");
  if (text === undefined || more.length > 0) throw wrongUsage(decompose, "Name one file or folder");
  if (out === undefined) throw wrongUsage(decompose, "Say with --out where to write");
  return { place: path.resolve(cwd, text), out: path.resolve(cwd, out) };
}

/** Of a folder all files are copied, of a file those that it needs. */
function filesFor({ files, dataFiles }: Program, place: string, out: string): readonly string[] {
  const needed = [...files.map(({ module }) => module.file), ...dataFiles];
  const isFolder = files[0]?.module.file !== place;
  return Array.from(new Set([...needed, ...(isFolder ? filesOf(place, out) : [])]));
}

/** Plans anew until everything in the plan can be packaged. */
async function packagePlan(
  context: CliContext,
  program: Program,
  { input, unitFolder }: { readonly input: CommandInput; readonly unitFolder: string },
): Promise<PackedPlan> {
  const { planOf, functionsOf } = await context.analysis();
  const filter = functionFilter(context, input.texts("functions"));
  const wanted = input.texts("functions");
  if (wanted.length > 0 && !functionsOf(program).some(filter)) {
    throw wrongUsage(decompose, `--functions ${wanted.join(" ")} matches no function`);
  }
  const excluded = new Map<string, string>();
  const artifacts = new Map<string, Artifact>();
  for (;;) {
    context.signal.throwIfAborted();
    const plan = planOf(program, { isSelected: filter, excluded });
    const before = excluded.size;
    for (const { ref, unit } of plan.moved) {
      const name = formatFunctionRef(ref);
      if (artifacts.has(name)) continue;
      const packed = await tryPackage(context, unit, unitFolder);
      if (typeof packed === "string") excluded.set(name, packed);
      else artifacts.set(name, packed);
    }
    if (excluded.size > before) continue;
    const found = plan.moved.flatMap((moved) => {
      const artifact = artifacts.get(formatFunctionRef(moved.ref));
      return artifact ? [[moved, artifact] as const] : [];
    });
    return { ...plan, artifacts: new Map(found) };
  }
}

const staysBecause = new Set<string>([
  "artifact-too-large",
  "asset-missing",
  "build-failed",
  "dependency-missing",
  "native-addon-unfit",
]);

/** Or why it cannot be packaged. */
async function tryPackage(
  context: CliContext,
  unit: MovedFunction["unit"],
  unitFolder: string,
): Promise<Artifact | string> {
  const { packageUnit } = await context.analysis();
  const shimFolder = path.join(path.dirname(context.local.platformBundle), "shim");
  try {
    return await packageUnit(unit, { debug: false, artifactFolder: path.join(unitFolder, "units"), shimFolder });
  } catch (error) {
    if (error instanceof FaasifyError && staysBecause.has(error.code)) {
      return error.message;
    }
    throw error;
  }
}

/** Returns the entry's place in the copy. */
async function writeCopy(
  { context, program, layout, out, target, staging, packed }: Job,
  entry: string,
): Promise<string> {
  const { filesOfCopy } = await context.analysis();
  const place = (file: string): string => slashes(layout.files.get(file) ?? path.relative(layout.base, file));
  const runtimeFrom = (file: string): string => {
    const up = path.posix.relative(path.posix.dirname(place(file)), `${OWN_FOLDER}/runtime.cjs`);
    return up.startsWith(".") && !up.startsWith(OWN_FOLDER) ? up : `./${up}`;
  };
  const texts = filesOfCopy(program, packed.moved, { place, runtimeFrom });
  const changed = texts.filter(({ text, original }) => text !== original);
  const written = await copyFiles(staging, layout, new Map(changed.map(({ path: file, text }) => [file, text])));
  const own = path.join(staging, OWN_FOLDER);
  await mkdir(own, { recursive: true });
  const dist = path.dirname(context.local.platformBundle);
  for (const name of runtimeFiles) await copyFile(path.join(dist, "stub", name), path.join(own, name));
  const functions = packed.moved.flatMap((moved) => {
    const artifact = packed.artifacts.get(moved);
    return artifact ? [[`${place(moved.ref.file)}#${moved.ref.name}`, describe(moved, artifact, { place, own })]] : [];
  });
  const manifest: Manifest = {
    faasify: version,
    dist,
    node: process.execPath,
    target,
    entry: place(entry),
    written: [...written],
    functions: Object.fromEntries(functions) as Manifest["functions"],
  };
  for (const { zipPath, sourceMapPath, ...facts } of packed.artifacts.values()) {
    const inOut = (file: string): string => path.join(out, path.relative(staging, file));
    const artifact: Artifact = { zipPath: inOut(zipPath), sourceMapPath: inOut(sourceMapPath), ...facts };
    await writeFile(path.join(path.dirname(zipPath), "artifact.json"), JSON.stringify(artifact));
  }
  await writeFile(path.join(own, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`);
  return place(entry);
}

function describe(
  { ref, unit, mode, isAsync, runsHere, maxArguments }: MovedFunction,
  { zipPath, sourceMapPath, handler, bytes, sha256, buildId, inputs }: Artifact,
  { place, own }: { readonly place: (file: string) => string; readonly own: string },
): RemoteFunction {
  const inOwn = (file: string): string => slashes(path.relative(own, file));
  return {
    file: place(ref.file),
    name: ref.name,
    artifact: {
      zipPath: inOwn(zipPath),
      sourceMapPath: inOwn(sourceMapPath),
      handler,
      bytes,
      sha256,
      buildId,
      inputs: [...inputs],
    },
    mode,
    isAsync,
    runsHere,
    ...(maxArguments !== undefined && { maxArguments }),
    ...(unit.manifest.assets.length > 0 && { assets: assetsOf(unit.manifest.assets, place) }),
    environment: [...unit.manifest.environment],
    state: unit.manifest.state.map(({ id }) => id),
    classes: unit.manifest.classes.map(({ id }) => id),
  };
}

/** With all that is in folders. */
function assetsOf(assets: readonly string[], place: (file: string) => string): PackedAsset[] {
  const all = new Set(assets.flatMap((asset) => [asset, ...(statSync(asset).isDirectory() ? entriesOf(asset) : [])]));
  return Array.from(all, (asset) => ({ place: place(asset), sha256: assetHash(asset) }));
}

function entriesOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true }).map((name) => path.join(folder, String(name)));
}

function report(input: CommandInput, { context, out, packed }: Job, entry: string): void {
  const id = (ref: FunctionRef): string => context.idOf(ref);
  const remote = packed.moved.map(({ ref }) => id(ref));
  const local = packed.staying.map(({ ref, reason }) => ({ id: id(ref), reason }));
  if (input.json) {
    context.print(JSON.stringify({ out: input.text("out") ?? out, entry, remote, local }));
    return;
  }
  for (const name of remote) context.print(`remote  ${name}`);
  for (const { id: name, reason } of local) context.print(`local   ${name}: ${reason}`);
  context.print(`Run it: node ${context.relative(path.join(out, entry)) || entry}`);
}

function slashes(file: string): string {
  return file.split(path.sep).join("/");
}
