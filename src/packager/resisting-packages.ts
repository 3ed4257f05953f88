/** Which packages of a bundle would not do in it what they do in `node_modules`, and why. */
import path from "node:path";
import type { Loader, LogLevel, Message, Metafile } from "esbuild";

/** Real folder of a package → why it must stay a folder: one clause about the package, "has a native addon". */
export type LeftOut = ReadonlyMap<string, string>;

export interface BuiltBundle {
  readonly metafile: Metafile;
  readonly warnings: readonly Message[];
  /** Absolute path of a source → its text. */
  readonly sources: ReadonlyMap<string, string>;
  /** Absolute path of the folder that the metafile's paths are relative to. */
  readonly root: string;
}

/** What esbuild notices of code that finds other modules in ways of its own, with what that is. */
const telling: Readonly<Record<string, string>> = {
  "unsupported-require-call": "loads modules by computed names",
  "indirect-require": "loads modules by computed names",
  "unsupported-dynamic-import": "loads modules by computed names",
  "direct-eval": "evaluates text as code",
};

/** Raised for esbuild to tell them: in packages it keeps them to itself. */
export const tellingMessages: Record<string, LogLevel> = Object.fromEntries(
  Object.keys(telling).map((id) => [id, "warning"]),
);

/** They look for an addon beside the file that calls them. */
const addonFinders = new Set([
  "@mapbox/node-pre-gyp",
  "bindings",
  "node-gyp-build",
  "node-gyp-build-optional-packages",
  "node-pre-gyp",
]);

/** In front of the exact question, which costs a parse: most packages have none of it. */
const suspicious = /__dirname|__filename|import\.meta|process\.dlopen|require\.(?:resolve|main|cache|extensions)/;
/** `require("./parts/" + name)`: esbuild takes what has such a name, but not what Node finds without its ending. */
const computed = /\b(?:require|import)\s*\(\s*(?:"[^"\n]*"\s*\+|'[^'\n]*'\s*\+|`[^`]*\$\{)/;
const MARK = "__faasifyMark";
const askingForPlace =
  "import.meta.url import.meta.dirname import.meta.filename import.meta.resolve __dirname __filename";
const marked = `${askingForPlace} process.dlopen require.resolve require.main require.cache require.extensions`;
const defines = Object.fromEntries(marked.split(" ").map((name) => [name, MARK]));

/** The packages whose code in the bundle gives them away. What tree shaking has left out does not count. */
export async function resistingPackages(bundle: BuiltBundle): Promise<LeftOut> {
  const kept = keptFiles(bundle);
  const found = new Map(noticedWhileBundling(bundle, kept));
  const asking: (readonly [folder: string, file: string, text: string])[] = [];
  for (const [file, imports] of kept) {
    const folder = packageFolderOf(file);
    if (folder === undefined || found.has(folder)) continue;
    const text = bundle.sources.get(file) ?? "";
    if (imports.some((name) => addonFinders.has(name))) found.set(folder, "has a native addon");
    else if (computed.test(text)) found.set(folder, "loads modules by computed names");
    else if (suspicious.test(text)) asking.push([folder, file, text]);
  }
  const answers = await Promise.all(asking.map(([, file, text]) => asksForPlace(file, text)));
  for (const [index, [folder]] of asking.entries()) {
    if (answers[index] && !found.has(folder)) found.set(folder, "uses its own place on disk");
  }
  return found;
}

function noticedWhileBundling({ warnings, root }: BuiltBundle, kept: ReadonlyMap<string, unknown>): LeftOut {
  const found = new Map<string, string>();
  for (const { id, location } of warnings) {
    const file = location ? path.resolve(root, location.file) : "";
    const folder = kept.has(file) ? packageFolderOf(file) : undefined;
    const reason = telling[id];
    if (folder !== undefined && reason !== undefined && location && !isTypeof(location)) found.set(folder, reason);
  }
  return found;
}

/** The real folder of the package that a file lies in; undefined for the user's own. */
export function packageFolderOf(file: string): string | undefined {
  return /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+(?=[\\/])/.exec(file)?.[0];
}

/** Absolute paths of the files with code in the bundle, with what each imports as it says it. */
function keptFiles({ metafile, root }: BuiltBundle): ReadonlyMap<string, readonly string[]> {
  const kept = new Map<string, readonly string[]>();
  for (const { inputs } of Object.values(metafile.outputs)) {
    for (const [input, { bytesInOutput }] of Object.entries(inputs)) {
      const imports = metafile.inputs[input]?.imports.map(({ original, path: target }) => original ?? target) ?? [];
      if (bytesInOutput > 0) kept.set(path.resolve(root, input), imports);
    }
  }
  return kept;
}

/** The real folders of the packages with code in the bundle. */
export function bundledPackages(bundle: BuiltBundle): ReadonlySet<string> {
  return new Set(Array.from(keptFiles(bundle).keys()).flatMap((file) => packageFolderOf(file) ?? []));
}

/** `typeof require` only asks in which kind of module it is. */
function isTypeof({ lineText, column }: NonNullable<Message["location"]>): boolean {
  // esbuild counts bytes.
  return /\btypeof\s*\(?\s*$/.test(Buffer.from(lineText).subarray(0, column).toString());
}

/** Whether code, not a comment or a text, mentions what was suspicious, and means Node's own by it. */
async function asksForPlace(file: string, text: string): Promise<boolean> {
  const { transform } = await import("esbuild");
  const loaders: Readonly<Record<string, Loader>> = { ".ts": "ts", ".mts": "ts", ".cts": "ts", ".tsx": "tsx" };
  const loader = loaders[path.extname(file)] ?? "jsx";
  const { code } = await transform(text, { loader, define: defines, logLevel: "silent", legalComments: "none" });
  return code.includes(MARK);
}
