/** Names that lead to files of the project, wherever that is written. */
import { symlinkSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { extractUnit } from "../../../src/transform/extract-unit.ts";
import { project, type Project } from "./project.ts";

const names = (files: Project, file = "src/a.ts"): readonly string[] => {
  const unit = extractUnit(files.analyzer, { file: files.path(file), name: "f" });
  return unit.files.map((one) => path.relative(files.path("."), one.path).split(path.sep).join("/"));
};

it.each([
  ["paths", `{ "compilerOptions": { "paths": { "@/*": ["./src/lib/*"] } } }`],
  ["a base", `{ "compilerOptions": { "baseUrl": "src", "paths": { "@/*": ["lib/*"] } } }`],
  ["what it extends", `{ "extends": "./config/middle.json" }`],
  ["a project that it refers to", `{ "files": [], "references": [{ "path": "./config/app.json" }] }`],
])("in a tsconfig.json by %s", (_what, config) => {
  using files = project({
    "tsconfig.json": config,
    "config/middle.json": `{ "extends": ["./base.json"] }`,
    "config/base.json": `{ "compilerOptions": { "paths": { "@/*": ["../src/lib/*"] } } }`,
    "config/app.json": `{ "extends": "./base.json", "compilerOptions": { "composite": true } }`,
    "src/a.ts": `import { b } from "@/b";\nexport const f = () => b;`,
    "src/lib/b.ts": `export const b = 1;`,
  });

  expect(names(files)).toEqual(["src/a.ts", "src/lib/b.ts"]);
});

it("in a jsconfig.json", () => {
  using files = project({
    "jsconfig.json": `{ "compilerOptions": { "paths": { "@/*": ["./src/*"] } } }`,
    "src/a.js": `import { b } from "@/b.js";\nexport const f = () => b;`,
    "src/b.js": `export const b = 1;`,
  });

  expect(names(files, "src/a.js")).toEqual(["src/a.js", "src/b.js"]);
});

it("in package.json's imports, by Node's conditions", () => {
  using files = project({
    "package.json": `{ "imports": { "#b": { "types": "./src/b.d.ts", "browser": "./src/c.ts", "node": "./src/b.ts", "default": "./src/c.ts" }, "#lib/*": "./src/lib/*.ts" } }`,
    "src/a.ts": `import { b } from "#b";\nimport { d } from "#lib/d";\nexport const f = () => b + d;`,
    "src/b.ts": `export const b = 1;`,
    "src/b.d.ts": `export declare const b: number;`,
    "src/c.ts": `export const b = 2;`,
    "src/lib/d.ts": `export const d = 3;`,
  });

  expect(names(files)).toEqual(["src/a.ts", "src/b.ts", "src/lib/d.ts"]);
});

it("in a workspace's packages, whose state is the program's own", () => {
  using files = project({
    "app/a.ts": `import { next } from "@acme/count";\nexport const f = () => next();`,
    "packages/count/package.json": `{ "name": "@acme/count", "exports": { ".": { "types": "./index.d.ts", "default": "./src/index.ts" } } }`,
    "packages/count/index.d.ts": `export declare function next(): number;`,
    "packages/count/src/index.ts": `let n = 0;\nexport function next() { return ++n; }`,
    "node_modules/@acme/.keep": "",
  });
  symlinkSync(files.path("packages/count"), files.path("node_modules/@acme/count"));

  expect(names(files, "app/a.ts")).toEqual(["app/a.ts", "packages/count/src/index.ts"]);
  expect(files.model("app/a.ts", "f")).toMatchObject({ verdict: "stateful", state: [{ name: "n" }] });
});

it("sees the change of a project that is referred to", () => {
  using files = project({
    "tsconfig.json": `{ "files": [], "references": [{ "path": "./app.json" }] }`,
    "app.json": `{}`,
    "src/a.ts": `import { b } from "@/b";\nexport const f = () => b;`,
    "src/b.ts": `export const b = 1;`,
  });
  expect(files.model("src/a.ts", "f").reasons).toMatchObject([{ message: expect.stringContaining("does not exist") }]);
  files.write("app.json", `{ "compilerOptions": { "paths": { "@/*": ["./src/*"] } } }`);

  expect(files.model("src/a.ts", "f").reasons).toEqual([]);
});
