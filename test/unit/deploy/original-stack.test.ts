import path from "node:path";
import { expect, it } from "vitest";
import { build } from "esbuild";
import { originalStack } from "../../../src/deploy/original-stack.ts";
import { temporaryFolder, writeFiles } from "../packager/support.ts";

it("names the places in the user's sources, on every kind of path, and keeps the rest", async () => {
  const root = temporaryFolder({
    "a.ts": "interface Erased {}\n\nexport function boom(): never {\n  throw new Error('x');\n}\n",
  });
  const { outputFiles } = await build({
    entryPoints: [path.join(root, "a.ts")],
    outfile: path.join(root, "index.mjs"),
    format: "esm",
    bundle: true,
    write: false,
    sourcemap: "external",
  });
  const text = (suffix: string): string => outputFiles.find((file) => file.path.endsWith(suffix))?.text ?? "";
  const map = JSON.parse(text(".map")) as { sources: string[] };
  map.sources = [path.join(root, "a.ts")];
  writeFiles(root, { "index.map": JSON.stringify(map) });
  const line1 =
    text(".mjs")
      .split("\n")
      .findIndex((line) => line.includes("throw")) + 1;

  const stack = await originalStack(
    [
      "Error: x",
      `    at boom (file:///var/task/index.mjs:${line1}:9)`,
      `    at /var/task/index.mjs:${line1}:3`,
      "    at Module._compile (node:internal/modules/cjs/loader:1:1)",
    ],
    path.join(root, "index.map"),
  );

  expect(stack).toEqual([
    "Error: x",
    `    at boom (${path.join(root, "a.ts")}:4:9)`,
    `    at ${path.join(root, "a.ts")}:4:3`,
    "    at Module._compile (node:internal/modules/cjs/loader:1:1)",
  ]);
});

it("stays as it is without a source map", async () => {
  const stack = ["    at file:///var/task/index.mjs:1:1"];

  expect(await originalStack(stack, "/nowhere/index.map")).toEqual(stack);
});
