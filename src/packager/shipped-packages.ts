/** The packages that an artifact brings as `node_modules`: those that resist bundling, with all that they need. */
import { readFile, realpath } from "node:fs/promises";
import path from "node:path";
import type { ShippedPackage } from "../core/artifact.ts";
import { FaasifyError } from "../core/errors.ts";
import type { Machine } from "./native-binary.ts";
import { binariesOf, readPackageFiles } from "./package-files.ts";
import type { LeftOut } from "./resisting-packages.ts";

export interface Shipment {
  /** Ordered by place. */
  readonly packages: readonly ShippedPackage[];
  /** Path in the artifact → content. */
  readonly files: Readonly<Record<string, Uint8Array>>;
  readonly executable: ReadonlySet<string>;
  /** Absolute paths of the package.json of each. */
  readonly manifests: readonly string[];
}

interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly gypfile?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

interface Placed {
  readonly name: string;
  /** With symbolic links followed. */
  readonly folder: string;
  /** `node_modules/a/node_modules/b` */
  readonly place: string;
  readonly manifest: Manifest;
  /** Something cannot do without it. */
  readonly isRequired: boolean;
}

/** Names of packages that hold the compiled files of others for one kind of machine. */
const platformPackage = /(?:linux|darwin|win32|windows|freebsd|android)[a-z]*-(?:x64|x86_64|arm64|ia32|arm|universal)/;

/**
 * Finds everything that packages need at run time, as npm lays it out: a package lies at the top unless another version
 * of it is there already.
 *
 * @param roots - what the bundle imports: name → real folder
 * @throws FaasifyError `dependency-missing`, `native-addon-unfit`
 */
export async function collectPackages(
  roots: ReadonlyMap<string, string>,
  machine: Machine,
): Promise<readonly Placed[]> {
  const placed = new Map<string, Placed>();
  for (const [name, folder] of Array.from(roots).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const place = `node_modules/${name}`;
    placed.set(place, { name, folder, place, manifest: await readManifest(folder), isRequired: true });
  }
  // A map's values grow while they are walked.
  for (const owner of placed.values()) {
    for (const need of needsOf(owner)) await placeNeed(placed, owner, { ...need, machine });
  }
  for (const one of placed.values()) if (one.isRequired) await checkBinaries(one, machine);
  return Array.from(placed.values()).toSorted((a, b) => (a.place < b.place ? -1 : 1));
}

interface Need {
  readonly name: string;
  readonly isRequired: boolean;
  readonly machine: Machine;
}

async function placeNeed(
  placed: Map<string, Placed>,
  owner: Placed,
  { name, isRequired, machine }: Need,
): Promise<void> {
  const folder = await findInstalled(name, owner.folder);
  if (folder === undefined) {
    if (isRequired && owner.isRequired) throw missing(name, owner);
    return;
  }
  const manifest = await readManifest(folder);
  const seen = nearestPlace(placed, owner.place, name);
  if (seen?.folder === folder || !fits(manifest, machine)) return;
  const place = `${seen ? `${owner.place}/` : ""}node_modules/${name}`;
  placed.set(place, { name, folder, place, manifest, isRequired: isRequired && owner.isRequired });
}

/** Reads the files of all of them. */
export async function readPackages(packages: readonly Placed[], left: LeftOut, machine: Machine): Promise<Shipment> {
  const files: Record<string, Uint8Array> = {};
  const executable = new Set<string>();
  const shipped: ShippedPackage[] = [];
  const contents = await Promise.all(packages.map(({ folder }) => readPackageFiles(folder, machine)));
  const compiled = new Set(packages.filter((_, index) => contents[index]?.hasBinary).map(({ name }) => name));
  for (const [index, { name, folder, place, manifest }] of packages.entries()) {
    let bytes = 0;
    for (const [file, data] of contents[index]?.files ?? []) {
      files[`${place}/${file}`] = data;
      bytes += data.byteLength;
      if (contents[index]?.executable.has(file)) executable.add(`${place}/${file}`);
    }
    // How it looks for its addon tells less.
    const isNative = [name, ...Object.keys(manifest.optionalDependencies ?? {})].some((one) => compiled.has(one));
    const reason = left.has(folder) && isNative ? "has a native addon" : left.get(folder);
    shipped.push({ name, version: manifest.version ?? "0.0.0", place, bytes, ...(reason !== undefined && { reason }) });
  }
  const manifests = packages.map(({ folder }) => path.join(folder, "package.json"));
  return { packages: shipped, files, executable, manifests: Array.from(new Set(manifests)).toSorted() };
}

/** The real folder of a package as Node finds it from a folder. */
export async function findInstalled(name: string, from: string): Promise<string | undefined> {
  for (let folder = from; ; folder = path.dirname(folder)) {
    const found = path.basename(folder) === "node_modules" ? undefined : path.join(folder, "node_modules", name);
    const real = found && (await realpath(found).catch(() => undefined));
    if (real !== undefined) return real;
    if (folder === path.dirname(folder)) return undefined;
  }
}

/** Ordered by name, so that the same package gives the same places. */
function needsOf({ manifest }: Placed): readonly Pick<Need, "name" | "isRequired">[] {
  const { dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = manifest;
  const names = new Set([dependencies, optionalDependencies, peerDependencies].flatMap((group) => Object.keys(group)));
  return Array.from(names)
    .toSorted()
    .map((name) => {
      // Types are needed by nobody who runs.
      const isRequired = name in dependencies && !(name in optionalDependencies) && !name.startsWith("@types/");
      return { name, isRequired };
    });
}

/** What a package that lies at `place` finds by `name`. */
function nearestPlace(placed: ReadonlyMap<string, Placed>, place: string, name: string): Placed | undefined {
  const folders = place.split("node_modules/").slice(1);
  for (let depth = folders.length; depth >= 0; depth -= 1) {
    const around = folders.slice(0, depth).map((folder) => `node_modules/${folder.replace(/\/$/, "")}/`);
    const found = placed.get(`${around.join("")}node_modules/${name}`);
    if (found) return found;
  }
  return undefined;
}

/** As npm understands `os` and `cpu`. */
function fits({ os = [], cpu = [] }: Manifest, { platform, arch }: Machine): boolean {
  return allows(os, platform) && allows(cpu, arch);
}

function allows(list: readonly string[] | string, value: string): boolean {
  const names = typeof list === "string" ? [list] : list;
  if (names.includes(`!${value}`)) return false;
  const wanted = names.filter((name) => !name.startsWith("!"));
  return wanted.length === 0 || wanted.includes(value) || wanted.includes("any");
}

/** A package that comes with compiled files must have one for the machine that its function runs on. */
async function checkBinaries(one: Placed, machine: Machine): Promise<void> {
  const { folder, manifest, name } = one;
  const own = await binariesOf(folder, machine);
  const others = Object.keys(manifest.optionalDependencies ?? {}).filter((other) => platformPackage.test(other));
  if ((!own.any && others.length === 0 && manifest.gypfile !== true) || own.fits) return;
  const installed = await Promise.all(
    Object.keys(manifest.optionalDependencies ?? {}).map(async (other) => {
      const found = await findInstalled(other, folder);
      if (found === undefined) return false;
      return (
        /wasm/.test(other) || (fits(await readManifest(found), machine) && (await binariesOf(found, machine)).fits)
      );
    }),
  );
  if (installed.includes(true)) return;
  const wanted = `${machine.platform}-${machine.arch}`;
  throw new FaasifyError(
    "native-addon-unfit",
    `The native addon of ${name} ${manifest.version ?? ""} is not there for ${wanted}, which the function would run on (${folder})`,
    {
      remedy: `Run npm rebuild ${name} in the project on a ${wanted} machine, or install its packages there anew`,
    },
  );
}

async function readManifest(folder: string): Promise<Manifest> {
  try {
    const manifest: unknown = JSON.parse(await readFile(path.join(folder, "package.json"), "utf8"));
    return typeof manifest === "object" && manifest !== null ? manifest : {};
  } catch {
    return {};
  }
}

function missing(name: string, { name: owner, folder }: Placed): FaasifyError {
  return new FaasifyError("dependency-missing", `"${name}" cannot be found, which ${owner} needs (${folder})`, {
    remedy: "Run npm install in the project",
  });
}
