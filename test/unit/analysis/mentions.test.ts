/** Where a program uses a function: what its manifest says was rewired. */
import { expect, it } from "vitest";
import { project } from "./project.ts";

it("a nested function is used by its name in its scope, not by properties that are called like it", () => {
  using files = project({
    "a.mjs": `function main(o) {
  const k = 1;
  const f = (x) => x + k;
  console.log(f(1), o.f);
  list.map(f);
  {
    const f = 5;
    console.log(f);
  }
}
main({});
`,
  });
  const file = files.path("a.mjs");
  const mentions = files.analyzer.mentions(files.analyzer.program(file), [{ file, name: "main.f" }]);

  expect(mentions.map(({ line, kind, within }) => [line, kind, within])).toEqual([
    [4, "call", "main"],
    [5, "value", "main"],
  ]);
});
