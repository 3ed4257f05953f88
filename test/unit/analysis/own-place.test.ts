/** Functions that ask for their own place on disk: files read by constant paths travel along, everything else stays. */
import { describe, expect, it } from "vitest";
import { messages, project, type Project } from "./project.ts";

const head = `import fs, { readFileSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path, { join } from "node:path";
import { fileURLToPath } from "node:url";
`;

function projectOf(text: string, file = "src/a.ts"): Project {
  return project({ [file]: text, "src/data/x.txt": "x", "src/data/y/z.txt": "z", "top.txt": "t" });
}

describe("a file read by a constant path travels along", () => {
  it.each([
    ["an address", `readFileSync(new URL("./data/x.txt", import.meta.url), "utf8")`],
    ["a folder's address", `readFileSync(new URL("x.txt", new URL("./data/", import.meta.url)))`],
    ["import.meta.dirname", `fs.readFileSync(path.join(import.meta.dirname, "data", "x.txt"))`],
    ["import.meta.filename", `readFileSync(path.resolve(path.dirname(import.meta.filename), "data/x.txt"))`],
    ["__dirname", `fs.promises.readFile(__dirname + "/data/x.txt")`],
    ["a template", "readFile(`${__dirname}/data/x.txt`)"],
    ["import.meta.resolve", `readFileSync(fileURLToPath(import.meta.resolve("./data/x.txt")))`],
    ["require.resolve", `readFileSync(require.resolve("./data/x.txt"))`],
    ["a constant of the file", `readFileSync(join(here, "data", "x.txt"))`],
    ["a constant address", `readFileSync(new URL(NAME, base))`],
    [
      "a local constant",
      `{ const folder = join(here, "data"); const file = join(folder, "x.txt"); return readFileSync(file); }`,
    ],
    ["a stream", `fs.createReadStream(new URL("./data/x.txt", import.meta.url))`],
    ["whether it is there", `fs.existsSync(new URL("./data/x.txt", import.meta.url))`],
    ["its address as a path", `readFileSync(new URL("./data/x.txt", import.meta.url).pathname)`],
  ])("%s", (_what, code) => {
    using files = projectOf(`${head}const here = path.dirname(fileURLToPath(import.meta.url));
const base = import.meta.url;
const NAME = "./data/x.txt";
export const f = () => ${code.startsWith("{") ? code : `{ void (${code}); }`};`);
    const model = files.model("src/a.ts", "f");

    expect(messages(model)).toEqual([]);
    expect(model).toMatchObject({
      verdict: "pure",
      effects: [],
      assets: [{ file: files.path("src/data/x.txt"), line: 8 }],
    });
  });

  it("of a folder, of another file's constant, and through helpers", () => {
    using files = project({
      "a.ts": `import { DATA, read } from "./lib/b.ts";
import { readdirSync, readFileSync } from "node:fs";
export const names = () => readdirSync(DATA);
export const text = () => read();
export const loaded = readFileSync(DATA + "/x.txt", "utf8");
export const f = () => loaded.length;`,
      "lib/b.ts": `import { readFileSync } from "node:fs";
export const DATA = import.meta.dirname + "/data";
export const read = () => readFileSync(DATA + "/x.txt", "utf8");`,
      "lib/data/x.txt": "x",
    });

    expect(files.model("a.ts", "names").assets).toEqual([{ file: files.path("lib/data"), line: 3 }]);
    expect(files.model("a.ts", "text")).toMatchObject({ verdict: "pure", assets: [{ line: 4 }] });
    expect(files.model("a.ts", "f")).toMatchObject({ verdict: "pure", assets: [{ line: 6 }] });
  });
});

describe("a function stays that", () => {
  const place = "asks for its own place on disk, which is another one in the cloud";

  it.each([
    [
      "reads by a computed path",
      `readFileSync(path.join(import.meta.dirname, name))`,
      [place, "reads files (`readFileSync`)"],
    ],
    ["gives its place away", `import.meta.url`, [place]],
    ["gives a constant place away", `here`, [`through \`here\` ${place}`]],
    [
      "compares its place",
      `process.argv[1] === import.meta.filename`,
      [place, "reads the program's arguments (`process.argv[…]`)"],
    ],
    [
      "gives a local constant away",
      `{ const file = join(here, "x"); readFileSync(file); return file; }`,
      [`through \`here\` ${place}`, undefined],
    ],
    [
      "keeps its place in a variable",
      `{ let file = join(here, "data/x.txt"); return readFileSync(file); }`,
      [`through \`here\` ${place}`, "reads files (`readFileSync`)"],
    ],
    [
      "writes there",
      `fs.writeFileSync(new URL("./data/x.txt", import.meta.url), name)`,
      [place, "writes files (`fs.writeFileSync`)"],
    ],
    [
      "opens it for writing",
      `readFileSync(new URL("./data/x.txt", import.meta.url), { flag: "w+" })`,
      [place, "reads files (`readFileSync`)"],
    ],
    [
      "asks when it was changed",
      `fs.statSync(new URL("./data/x.txt", import.meta.url))`,
      [place, "reads files (`fs.statSync`)"],
    ],
    [
      "asks for entries, which know their folder",
      `readdirSync(import.meta.dirname, { withFileTypes: true })`,
      [place, "reads files (`readdirSync`)"],
    ],
    [
      "asks for what is not there",
      `fs.existsSync(new URL("./gone.txt", import.meta.url))`,
      [place, "reads files (`fs.existsSync`)"],
    ],
    ["reads in the working folder", `readFileSync("data/x.txt")`, ["reads files (`readFileSync`)"]],
    ["finds packages", `require.resolve("left-pad")`, [place]],
  ])("%s", (_what, code, reasons) => {
    using files = projectOf(`${head}const here = path.dirname(fileURLToPath(import.meta.url));
export const f = (name: string) => ${code};`);
    const model = files.model("src/a.ts", "f");

    expect(model.verdict).toBe("local");
    expect(model.reasons.map(({ message }) => message)).toEqual(reasons.filter((reason) => reason !== undefined));
  });
});

describe("an environment variable with a constant name", () => {
  it("is declared, also where a helper reads it", () => {
    using files = project({
      "a.ts": `const level = () => process.env["LEVEL"];\nexport const f = () => [level(), process.env.STAGE];`,
    });

    expect(files.model("a.ts", "f").environment).toEqual(["LEVEL", "STAGE"]);
  });
});
