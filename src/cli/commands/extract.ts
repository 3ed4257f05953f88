import { cp, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { FaasifyError } from "../../core/errors.ts";
import type { Unit } from "../../core/unit.ts";
import { EXIT, wrongUsage, type Command } from "../command.ts";

const MANIFEST = "faasify.unit.json";

export const extract: Command = {
  name: "extract",
  summary: "Write a function with everything it needs into a folder",
  usage: "<file>#<function> --out DIR [--json]",
  help: [
    "The files are the originals with everything blanked out that the function does not need, so that a line",
    `stays the same line. ${MANIFEST} beside them says what the function uses and which side effects it has.`,
    "",
    "  --out DIR  written to; made when it does not exist",
  ].join("\n"),
  options: { out: { type: "string" } },
  run: async (input, context) => {
    const [text, ...more] = input.positionals;
    const out = input.text("out");
    if (text === undefined || more.length > 0) throw wrongUsage(extract, "Name one function");
    if (out === undefined) throw wrongUsage(extract, "Say with --out where to write");
    const ref = context.resolveRef(text);
    const { unitOf } = await context.analysis();
    const written = await writeUnit(unitOf(ref), path.resolve(context.cwd, out));
    const { manifest, format, exportName } = written;
    const result = {
      function: context.idOf(ref),
      out,
      entry: written.entry,
      files: written.files,
      format,
      exportName,
      manifest,
    };
    if (input.json) context.print(JSON.stringify(result));
    else {
      context.print(`${result.function}: ${result.files.length} file(s) in ${out}`);
      for (const file of [...result.files, ...manifest.assets]) context.print(`  ${file}`);
    }
    return EXIT.done;
  },
};

async function writeUnit(unit: Unit, out: string) {
  const base = commonFolder([...unit.files.map((file) => file.path), ...unit.manifest.assets]);
  const inOut = (file: string): string => path.relative(base, file).split(path.sep).join("/");
  const files = unit.files.map((file) => ({ name: inOut(file.path), original: file.path, text: file.text }));
  const overwritten = files.find(({ name, original }) => path.resolve(out, name) === original);
  if (overwritten) {
    throw new FaasifyError("wrong-usage", `--out ${out} would overwrite ${overwritten.original}`, {
      remedy: "Name another folder",
    });
  }
  const { function: model, exportName, format } = unit;
  const manifest = { ...unit.manifest, assets: unit.manifest.assets.map(inOut) };
  const entry = inOut(model.file);
  try {
    for (const { name, text } of files) {
      const file = path.join(out, name);
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, text);
    }
    for (const asset of unit.manifest.assets) {
      const place = path.join(out, inOut(asset));
      if (place !== asset) await cp(asset, place, { recursive: true });
    }
    const description = { function: model.name, entry, exportName, format, verdict: model.verdict, ...manifest };
    await writeFile(path.join(out, MANIFEST), `${JSON.stringify(description, null, 2)}\n`);
  } catch (cause) {
    throw new FaasifyError("wrong-usage", `${out} cannot be written (${String(cause)})`, {
      remedy: "Name a folder that you may write to",
      cause,
    });
  }
  return { entry, files: files.map(({ name }) => name), exportName, format, manifest };
}

function commonFolder(files: readonly string[]): string {
  const [first = "", ...rest] = files.map((file) => path.dirname(file));
  return rest.reduce((common, folder) => {
    let shared = common;
    while (!isWithin(shared, folder)) shared = path.dirname(shared);
    return shared;
  }, first);
}

function isWithin(folder: string, other: string): boolean {
  const relative = path.relative(folder, other);
  return (
    folder === path.dirname(folder) || relative === "" || !(relative.startsWith("..") || path.isAbsolute(relative))
  );
}
