import { statSync } from "node:fs";
import path from "node:path";
import type { Program } from "../../analysis/typescript/program.ts";
import type { FunctionRef } from "../../core/function-ref.ts";
import { EXIT, wrongUsage, type Command, type CommandInput } from "../command.ts";
import type { CliContext } from "../context.ts";
import { functionFilter } from "../function-filter.ts";
import { openStaging, OWN_FOLDER } from "../program-copy.ts";
import { entryOf, placesIn } from "../program-entries.ts";
import { inlineBack } from "../program-inline-back.ts";
import { filesOf, layoutOf } from "../program-layout.ts";
import { packagePlan } from "../program-packaging.ts";
import { writeCopy, type WritingJob } from "../program-writing.ts";
import { chooseTarget, targetNameOption } from "../target.ts";

export const decompose: Command = {
  name: "decompose",
  summary: "Copy a program so that its functions run as cloud functions",
  usage:
    "<file|folder> --out DIR [--target T] [--functions GLOB]... [--json]\n  faasify decompose --inline-back DIR [--out DIR] [--json]",
  help: [
    "The copy does what the program does, run by plain node: the functions that can move are called where they are",
    `deployed, at the first call. ${OWN_FOLDER}/ in it has their packages; docs/decompose.md says which functions move.`,
    "",
    "  --out DIR         written to; made when it does not exist, else empty or an earlier output",
    "  --functions GLOB  only these: by name (price, Cart.*) or path/to/file.ts#name; may be given several times",
    "  --target T        where they are deployed: local (the default)",
    "  --inline-back     make the copy in DIR the original program again, byte for byte; with --out, write that there",
  ].join("\n"),
  options: {
    ...targetNameOption,
    out: { type: "string" },
    functions: { type: "string", multiple: true },
    "inline-back": { type: "boolean" },
  },
  run: async (input, context) => {
    const { place, out } = readInput(input, context);
    if (input.flag("inline-back")) return runInlineBack(input, context, { copy: place, out });
    if (out === undefined) throw wrongUsage(decompose, "Say with --out where to write");
    const target = await chooseTarget(decompose, input, await context.deployer());
    const { traits } = await (await context.deployer()).provider(target);
    const entry = entryOf(place);
    const folder = statSync(place).isDirectory() ? place : undefined;
    const { programOf } = await context.analysis();
    const program = programOf(entry, folder === undefined ? undefined : placesIn(folder, entry, out));
    const layout = layoutOf(filesFor(program, folder, out), folder);
    const isSelected = await selection(input, context, program);
    await using staging = await openStaging(out, layout.base);
    const unitFolder = path.join(staging.folder, OWN_FOLDER);
    const packed = await packagePlan(context, program, { isSelected, unitFolder, hasChannel: traits.reachesLoopback });
    const job: WritingJob = { context, program, layout, out, target, staging: staging.folder, packed };
    const entryPlace = await writeCopy(job, entry);
    await staging.finish();
    report(input, job, entryPlace);
    return EXIT.done;
  },
};

interface Places {
  readonly place: string;
  readonly out: string | undefined;
}

function readInput(input: CommandInput, { cwd }: CliContext): Places {
  const [text, ...more] = input.positionals;
  const out = input.text("out");
  if (text === undefined || more.length > 0) throw wrongUsage(decompose, "Name one file or folder");
  return { place: path.resolve(cwd, text), out: out === undefined ? undefined : path.resolve(cwd, out) };
}

async function selection(
  input: CommandInput,
  context: CliContext,
  program: Program,
): Promise<(ref: FunctionRef) => boolean> {
  const wanted = input.texts("functions");
  const filter = functionFilter(context, wanted);
  const { functionsOf } = await context.analysis();
  if (wanted.length > 0 && !functionsOf(program).some(filter)) {
    throw wrongUsage(decompose, `--functions ${wanted.join(" ")} matches no function`);
  }
  return filter;
}

/** Of a folder all files are copied, of a file those that it needs. */
function filesFor({ files, dataFiles }: Program, folder: string | undefined, out: string): readonly string[] {
  const needed = [...files.map(({ module }) => module.file), ...dataFiles];
  return Array.from(new Set([...needed, ...(folder === undefined ? [] : filesOf(folder, out))]));
}

async function runInlineBack(
  input: CommandInput,
  context: CliContext,
  { copy, out }: { readonly copy: string; readonly out: string | undefined },
): Promise<number> {
  const { folder, restored } = await inlineBack(copy, out);
  if (input.json) context.print(JSON.stringify({ out: folder, restored }));
  else {
    for (const file of restored) context.print(`restored  ${file}`);
    context.print(`${context.relative(folder) || "."} is the original program again`);
  }
  return EXIT.done;
}

function report(input: CommandInput, { context, out, packed }: WritingJob, entry: string): void {
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
