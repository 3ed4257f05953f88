/**
 * The words of every verdict, ruling and problem. `expected.txt` has what the programs of programs.ts are told;
 * `vitest run --project golden -u` writes it anew. A text of the sources that no program provokes fails the last test.
 */
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FunctionRef } from "../../../src/core/function-ref.ts";
import { planDecomposition } from "../../../src/transform/decompose.ts";
import { liftFunction } from "../../../src/transform/lift-function.ts";
import { extractUnit } from "../../../src/transform/extract-unit.ts";
import { extractionRefusal } from "../../../src/transform/extraction-refusal.ts";
import { project, type Project } from "../../unit/analysis/project.ts";
import { programs, type Files } from "./programs.ts";
import { runningFunctions } from "./running-functions.ts";
import { textsIn } from "./texts.ts";

/** What only an oversight makes anybody read: of ours, and of TypeScript, which says neither yes nor no. */
const oversights = ["`f` could not be analysed: oops", "TypeScript sees no whole statements or expression in it"];

const told = new Map<string, readonly string[]>();

beforeAll(() => {
  for (const [title, files] of Object.entries(programs)) told.set(title, saidOf(files));
  told.set("what cannot be asked for", saidOfWrongRequests());
  told.set("what an executor cannot run elsewhere", runningFunctions.map(saidOfRunning));
  told.set("what a unit says that is called like any function", [saidByUnit()]);
});
afterAll(() => told.clear());

function saidOf(files: Files): readonly string[] {
  using written = project(files);
  const names = Object.keys(files).filter((name) => /^[^/]+\.[cm]?[jt]s$/.test(name));
  const lines = names.flatMap((name) => {
    const { functions, problems } = written.analyzer.analyzeFile(written.path(name));
    return [
      ...functions.flatMap((model) => [
        `${name}#${model.name}: ${model.verdict}`,
        ...model.reasons.map(({ message, line }) => `    ${line}: ${message}`),
      ]),
      ...problems.map(({ message, line }) => `${name}:${line}: ${message}`),
    ];
  });
  return [...lines, ...rulingsOn(written, names[0] ?? "")].map((line) => relative(written, line));
}

function rulingsOn(written: Project, entry: string): readonly string[] {
  const program = written.analyzer.program(written.path(entry));
  const isSelected = ({ name }: FunctionRef): boolean => name !== "unselected";
  const { staying } = planDecomposition(written.analyzer, program, {
    isSelected,
    excluded: new Map(),
    hasChannel: true,
  });
  return staying.map(
    ({ ref, reason }) => `stays in a decomposition: ${path.basename(ref.file)}#${ref.name}: ${reason}`,
  );
}

function saidOfWrongRequests(): readonly string[] {
  using written = project({
    "a.mjs": "export const f = () => 1;\nmain();\nfunction main() {}\nexport const stays = (act) => act();",
    "broken.mjs": "export const f = (;",
    "empty.mjs": "",
    "needs.mjs": "import { x } from 'gone';\nexport const f = () => x;",
    "notes.txt": "",
  });
  const requests = [
    "a.mjs#g",
    "a.mjs#main",
    "a.mjs#stays",
    "broken.mjs#f",
    "empty.mjs#f",
    "needs.mjs#f",
    "notes.txt#f",
    "gone.mjs#f",
  ];
  const errors = requests.map((request) => {
    const [name = "", functionName = ""] = request.split("#");
    return `${request}: ${failureOf(() => extractUnit(written.analyzer, { file: written.path(name), name: functionName }))}`;
  });
  const files = ["notes.txt", "gone.mjs"].flatMap((name) =>
    written.analyzer.analyzeFile(written.path(name)).problems.map(({ message }) => `${name}: ${message}`),
  );
  const selection = extractionRefusal({ file: "/a.ts", text: "const a = 1;", start: 2, end: 2 });
  return [...errors, ...files, `selection: ${selection}`].map((line) => relative(written, line));
}

function saidOfRunning(text: string): string {
  using written = project({ "a.mjs": text.replace("⟨", "") });
  const [file] = written.analyzer.program(written.path("a.mjs")).files;
  if (!file) throw new Error("no file");
  return relative(
    written,
    failureOf(() => liftFunction(file.module, text.indexOf("⟨"))),
  );
}

/** Its parameters do not tell where the variables of the code around it are. */
function saidByUnit(): string {
  const text = "export function outer(k) {\n  const inner = (...all) => all.map((x) => x + k);\n  return inner(1);\n}";
  using written = project({ "a.mjs": text });
  const { files } = extractUnit(written.analyzer, { file: written.path("a.mjs"), name: "outer.inner" });
  return /[^"]* cannot be called without [^"]*/.exec(files.map((one) => one.text).join("\n"))?.[0] ?? "nothing";
}

function failureOf(act: () => unknown): string {
  try {
    act();
    return "nothing is wrong";
  } catch (error) {
    const { code, message, remedy } = error as {
      readonly code?: string;
      readonly message: string;
      readonly remedy?: string;
    };
    return `${code}: ${message}. ${remedy}`;
  }
}

/** Without the folder, which is another one each time. */
function relative(written: Project, line: string): string {
  return line.replaceAll(`${path.dirname(written.path("a"))}${path.sep}`, "");
}

describe("what programs are told", () => {
  it("is what it was", async () => {
    const text = Array.from(told, ([title, lines]) => [`=== ${title}`, ...lines, ""].join("\n")).join("\n");
    await expect(text).toMatchFileSnapshot("expected.txt");
  });

  it("is every text that analysis and transformation have: each refusal is provoked by a program here", () => {
    const messages = [...Array.from(told.values()).flat(), ...oversights];
    const silent = textsIn(["analysis", "transform"]).filter(
      ({ pattern }) => !messages.some((one) => pattern.test(one)),
    );

    expect(silent.map(({ place, wording }) => `${place}: ${wording}`)).toEqual([]);
  });
});
