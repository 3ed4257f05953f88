/** What was done to a program, for people and tools: the report in a copy's manifest. */
import path from "node:path";
import { formatFunctionRef, type FunctionRef } from "../core/function-ref.ts";
import { deploymentName } from "../deploy/deployment-name.ts";
import type { ProgramReport } from "../stub/program-report.ts";
import type { MovedFunction } from "../transform/decompose.ts";
import type { WritingJob } from "./program-writing.ts";

interface Written {
  /** Of an original: its path in the copy, relative to the copy's root, with `/`. */
  readonly place: (file: string) => string;
  readonly rewritten: ProgramReport["rewritten"];
}

export async function reportOf(
  { context, program, out, packed }: WritingJob,
  { place, rewritten }: Written,
): Promise<ProgramReport> {
  const { mentionsIn, functionsOf } = await context.analysis();
  const key = ({ file, name }: FunctionRef): string => `${place(file)}#${name}`;
  const mentions = Map.groupBy(
    mentionsIn(
      program,
      packed.moved.map(({ ref }) => ref),
    ),
    ({ ref }) => key(ref),
  );
  const all = new Set(functionsOf(program).map(formatFunctionRef));
  const moved = packed.moved.map(({ ref, unit }) => {
    const rewired = (mentions.get(key(ref)) ?? []).map(({ file, ref: _ref, ...site }) => ({
      file: place(file),
      ...site,
    }));
    const { verdict, effects } = unit.function;
    return [key(ref), { verdict, effects: [...effects], along: alongIn(unit, all).map(key), rewired }];
  });
  return {
    moved: Object.fromEntries(moved) as ProgramReport["moved"],
    stays: packed.staying.map(({ ref, reason }) => ({ function: key(ref), reason })),
    // Only the program calls: what a unit calls of the program is in that unit itself.
    edges: packed.moved.map(({ ref }) => ({
      caller: "program",
      callee: key(ref),
      statement: { Effect: "Allow", Action: "lambda:InvokeFunction", Resource: nameIn(out, place(ref.file), ref.name) },
    })),
    rewritten,
  };
}

/** As the stubs name it where it is deployed. */
function nameIn(out: string, place: string, name: string): string {
  return deploymentName({ file: path.join(out, ...place.split("/")), name });
}

/** Functions of the program that the unit has besides its own. */
function alongIn({ function: own }: MovedFunction["unit"], all: ReadonlySet<string>): readonly FunctionRef[] {
  const found = own.captures
    .map(({ from, name }) => ({ file: from, name }))
    .filter((ref) => all.has(formatFunctionRef(ref)) && formatFunctionRef(ref) !== formatFunctionRef(own));
  return Array.from(new Map(found.map((ref) => [formatFunctionRef(ref), ref])).values());
}
