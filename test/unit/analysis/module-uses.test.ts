/** What code may load by expressions, and what no analysis can know. */
import { describe, expect, it } from "vitest";
import { messages, project, type Project } from "./project.ts";

const plugins = {
  "plugins/a.ts": `export const run = () => process.env.A;`,
  "plugins/b.ts": `export const run = () => process.env.B;`,
  "plugins/deep/c.ts": `export const run = () => process.env.C;`,
  "plugins/data.json": "{}",
  "plugins/notes.md": "",
  "other.ts": `export const run = () => process.env.OTHER;`,
};

function projectOf(text: string, file = "a.ts"): Project {
  return project({ [file]: text, ...plugins });
}

/** The environment variables tell which files were reached. */
describe("the names of modules are known when they are", () => {
  it.each([
    ["one of two", `import(kind ? "./plugins/a.ts" : "./plugins/b.ts")`, ["A", "B"]],
    ["one with a default", `import(table[kind] ?? "./other.ts")`, ["A", "B", "OTHER"]],
    ["in a constant object", `import(table[kind])`, ["A", "B"]],
    ["in a frozen object", `import(frozen[kind])`, ["A"]],
    ["in a constant list", `import(list[Number(kind)]!)`, ["A", "OTHER"]],
    ["in a constant map", `import(map.get(kind)!)`, ["B"]],
    ["walked over", `{ for (const name of list) await import(name); }`, ["A", "OTHER"]],
    [
      "chosen by a switch",
      `{ let name; switch (kind) { case "a": name = "./plugins/a.ts"; break; default: name = "./other.ts"; } return import(name); }`,
      ["A", "OTHER"],
    ],
    ["given by a function", `import(choose(kind))`, ["A", "B"]],
    ["files of a folder", "import(`./plugins/${kind}.ts`)", ["A", "B", "C"]],
    ["files of a folder, as compiled", `import("./plugins/" + kind + ".js")`, ["A", "B", "C"]],
    ["some files of a folder", "import(`./plugins/a${kind}`)", ["A"]],
    ["made of constants", "import(`./${folder}/a.ts`)", ["A"]],
  ])("%s", (_what, code, environment) => {
    using files = projectOf(`const folder = "plugins";
const table: Record<string, string> = { a: "./plugins/a.ts", b: "./plugins/b.ts" };
const frozen: Record<string, string> = Object.freeze({ a: "./plugins/a.ts" } as const);
const list = ["./plugins/a.ts", "./other.ts"];
const map = new Map([["b", "./plugins/b.ts"]]);
function choose(kind: string) { if (kind === "a") return "./plugins/a.ts"; return "./plugins/b.ts"; }
export const f = async (kind: string) => ${code};`);
    const model = files.model("a.ts", "f");

    expect(messages(model)).toEqual([]);
    expect(model).toMatchObject({ verdict: "effects", environment });
  });

  it("loaded by a `require` of the program's own making", () => {
    using files = projectOf(`import { createRequire } from "node:module";
const load = createRequire(import.meta.url);
export const f = () => load("./plugins/a.ts").run();`);

    expect(files.model("a.ts", "f")).toMatchObject({ verdict: "effects", environment: ["A"] });
  });

  it("in CommonJS", () => {
    using files = projectOf(`exports.f = (name) => require("./plugins/" + name).run();`, "a.cjs");

    expect(files.model("a.cjs", "f")).toMatchObject({ verdict: "effects", environment: ["A", "B", "C"] });
  });
});

describe("a function stays that loads", () => {
  const unknown = "loads a module whose name is known only at run time";

  it.each([
    ["any name", `import(kind)`, `2: ${unknown}`],
    ["any file", "import(`${kind}.ts`)", `2: ${unknown}`],
    ["what is not there", "import(`./nothing/${kind}.ts`)", `2: ${unknown}`],
    [
      "a name that is made by and by",
      `{ let name = "./plugins/a.ts"; name += kind; return import(name); }`,
      `2: ${unknown}`,
    ],
    ["packages by part of their name", "import(`lodash/${kind}`)", `2: ${unknown}`],
    ["through a helper", `helper(kind)`, `2: through \`helper\` ${unknown}`],
  ])("%s", (_what, code, message) => {
    using files = projectOf(`const helper = (name: string) => import(name);
export const f = async (kind: string) => ${code};`);

    expect(files.model("a.ts", "f").verdict).toBe("local");
    expect(messages(files.model("a.ts", "f"))).toEqual([message]);
  });
});

describe("files that are no code", () => {
  it.each([
    ["page.html", `import page from "./page.html";\nexport const f = () => page;`],
    ["code.wasm", `import * as code from "./code.wasm";\nexport const f = () => code;`],
    ["addon.node", `import addon from "./addon.node";\nexport const f = () => addon;`],
  ])("are refused when they are imported: %s", (name, text) => {
    using files = project({ "a.ts": text, [name]: "" });

    expect(messages(files.model("a.ts", "f"))).toEqual([
      `2: imports "./${name}", which is neither code nor JSON; read it by \`readFileSync(new URL("./${name}", import.meta.url))\``,
    ]);
  });

  it("are left out where nothing of them is used, and texts are texts", () => {
    using files = project({
      "a.ts": `import "./style.css";\nimport text from "./x.txt";\nexport const f = () => text;`,
      "style.css": "",
      "x.txt": "",
    });

    expect(files.model("a.ts", "f")).toMatchObject({ verdict: "pure", reasons: [] });
  });
});

describe("a native addon", () => {
  it.each([
    [`"dependencies": { "node-gyp-build": "4" }`],
    [`"optionalDependencies": { "fast-linux-x64-gnu": "1" }`],
    [`"gypfile": true`],
    [`"main": "build/fast.node"`],
  ])("is told of by its package.json: %s", (fact) => {
    using files = project({
      "src/a.ts": `import fast from "fast";\nimport slow from "slow";\nexport const f = () => fast(slow);`,
      "node_modules/fast/package.json": `{ "name": "fast", ${fact} }`,
      "node_modules/slow/package.json": `{ "name": "slow", "dependencies": { "fast": "1" } }`,
    });
    const model = files.model("src/a.ts", "f");

    expect(model.verdict).toBe("pure");
    expect(messages(model)).toEqual([
      "3: uses the native addon of `fast`, which is shipped as it is, for this kind of machine only",
    ]);
  });
});
