import { describe, expect, it } from "vitest";
import { readDirective } from "../../../src/analysis/directives.ts";
import { completionsAt, directiveKeys, hoverAt, problemWord, proposedFix } from "../../../src/server/directive-help.ts";

const labels = (line: string, column0 = line.length): readonly string[] =>
  completionsAt(line, column0).map(({ label }) => label);

describe("the keys that are offered", () => {
  it.each(directiveKeys.map(({ example }) => example))("%s is understood by analysis", (example) => {
    const { directive, problems } = readDirective([{ text: `// @faasify ${example}`, line: 1 }]);

    expect(problems).toEqual([]);
    expect(Object.keys(directive ?? {}).length).toBeGreaterThan(1);
  });

  it("are values that analysis accepts, behind the equals sign", () => {
    const lines = directiveKeys.flatMap(({ name, values = [] }) =>
      values.map((value) => `// @faasify ${name}=${value}`),
    );

    expect(lines.flatMap((text) => readDirective([{ text, line: 1 }]).problems)).toEqual([]);
    expect(lines.length).toBeGreaterThan(5);
  });
});

describe("completion", () => {
  it("offers the keys that are not there yet", () => {
    expect(labels("  // @faasify memory=512 ")).toEqual(
      directiveKeys.filter(({ name }) => name !== "memory").map(({ example }) => example),
    );
  });

  it("replaces what was typed of a word", () => {
    expect(completionsAt("// @faasify sta", 15)[0]?.column0).toBe(12);
    expect(labels("// @faasify sta")).toContain("state=pinned");
  });

  it("offers the values of a key, each of a list", () => {
    expect(completionsAt("// @faasify state=", 18)).toMatchObject([
      { label: "travelling", column0: 18 },
      { label: "pinned", column0: 18 },
    ]);
    expect(completionsAt("/** @faasify allow=files,st", 27)[0]?.column0).toBe(25);
  });

  it("offers the mark where a comment begins, and nothing elsewhere", () => {
    expect(completionsAt("// @fa", 6)).toMatchObject([{ label: "@faasify", column0: 3 }]);
    expect(labels(" * @")).toEqual(["@faasify"]);
    expect(labels("// mail me @")).toEqual([]);
    expect(labels("const a = @")).toEqual([]);
    expect(labels("// a comment ")).toEqual([]);
    expect(labels("// @faasify memory=1", 3)).toEqual([]);
  });
});

describe("hover", () => {
  it("says what the word means", () => {
    expect(hoverAt("// @faasify timeout=30", 15)).toMatchObject({
      markdown: expect.stringContaining("Seconds"),
      start0: 12,
      end0: 22,
    });
  });

  it("says nothing of other comments and unknown words", () => {
    expect(hoverAt("// timeout=30", 5)).toBeUndefined();
    expect(hoverAt("// @faasify tiemout=30", 15)).toBeUndefined();
  });
});

describe("the quick fix", () => {
  it.each([
    ["// @faasify memmory=1", "// @faasify memory=1"],
    ["  /* @faasify timeout=3 stat=pinned */", "  /* @faasify timeout=3 state=pinned */"],
    ["// @faasify state=pined", "// @faasify state=pinned"],
    ["// @faasify allow=files,stdni,exit", "// @faasify allow=files,stdin,exit"],
  ])("makes of %s what was meant", (line, wanted) => {
    const [problem] = readDirective([{ text: line, line: 1 }]).problems;
    const fix = proposedFix(line, problem?.message ?? "");

    expect(fix && line.slice(0, fix.start0) + fix.replacement + line.slice(fix.end0)).toBe(wanted);
  });

  it("is not offered where nothing was proposed", () => {
    const line = "// @faasify memory=none";
    const [problem] = readDirective([{ text: line, line: 1 }]).problems;

    expect(proposedFix(line, problem?.message ?? "")).toBeUndefined();
    expect(problemWord(line, problem?.message ?? "")).toEqual({ start0: 12, end0: 23 });
  });
});
