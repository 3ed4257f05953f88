import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";

interface Layer {
  /** Other folders of src/ that may be imported. */
  readonly folders: readonly string[];
  /** Packages that may be imported; `node` stands for every node: module. */
  readonly packages: readonly string[];
}

const everything = [
  "core",
  "protocol",
  "analysis",
  "transform",
  "packager",
  "deploy",
  "platform",
  "debug-adapter",
  "monitor",
  "stub",
  "executor",
  "register",
  "verify",
];

/** In providers/aws only: see below. */
const awsClients = ["cloudwatch", "cloudwatch-logs", "iam", "lambda", "s3", "sts"].map(
  (name) => `@aws-sdk/client-${name}`,
);

/** The table of ARCHITECTURE.md. A folder of src/ that is missing here fails the test. */
const layers: Record<string, Layer> = {
  core: { folders: [], packages: [] },
  protocol: { folders: ["core"], packages: ["node", "valibot", "vscode-languageserver-protocol"] },
  shim: { folders: ["protocol"], packages: ["node"] },
  analysis: { folders: ["core"], packages: ["node", "ts-morph"] },
  transform: { folders: ["core", "analysis"], packages: ["ts-morph"] },
  packager: { folders: ["core"], packages: ["node", "esbuild", "fflate"] },
  deploy: { folders: ["core", "protocol", "debug-adapter"], packages: ["node", "valibot", "aws4", ...awsClients] },
  platform: { folders: ["core", "protocol"], packages: ["node", "valibot", "cborg", "croner"] },
  stub: { folders: ["core", "protocol", "deploy"], packages: ["node", "valibot"] },
  register: { folders: ["core", "deploy"], packages: ["node", "valibot"] },
  executor: { folders: ["core", "protocol", "deploy", "stub"], packages: ["node", "valibot"] },
  "debug-adapter": {
    folders: ["core", "protocol"],
    packages: [
      "node",
      "ws",
      "valibot",
      "@vscode/debugadapter",
      "@vscode/debugprotocol",
      "devtools-protocol",
      "@jridgewell/trace-mapping",
    ],
  },
  server: {
    folders: ["core", "protocol", "analysis", "transform", "packager"],
    packages: ["node", "vscode-languageserver", "vscode-languageserver-textdocument"],
  },
  codelens: { folders: ["core", "protocol", "deploy"], packages: ["vscode"] },
  ui: {
    folders: ["core", "protocol", "deploy", "codelens", "debug-adapter"],
    packages: ["node", "vscode", "vscode-languageclient", "valibot"],
  },
  verify: { folders: ["core"], packages: ["node", "ts-morph", "fast-check", "esbuild"] },
  cli: { folders: everything, packages: ["node", "valibot"] },
};

it("src/ keeps to the layers of ARCHITECTURE.md", () => {
  const violations = sources("src/*/**/*.ts").flatMap((file) => {
    const layer = layers[folderOf(file)];
    if (!layer) return [`${file}: add ${folderOf(file)} to the layers`];
    return importsOf(file)
      .filter((target) => !isAllowed(layer, file, target))
      .map((target) => `${file}: ${folderOf(file)} may not import ${target}`);
  });

  expect(violations).toEqual([]);
});

it("only extension.ts, ui/ and codelens/provider.ts know the editor", () => {
  const offenders = sources("src/**/*.ts")
    .filter((file) => importsOf(file).includes("vscode"))
    .filter((file) => file !== "src/extension.ts" && file !== "src/codelens/provider.ts" && folderOf(file) !== "ui");

  expect(offenders).toEqual([]);
});

it("a provider imports no other provider", () => {
  const offenders = sources("src/deploy/providers/*/**/*.ts").filter((file) =>
    importsOf(file)
      .filter((target) => target.startsWith("."))
      .map((target) => slashes(path.join(path.dirname(file), target)))
      .some((target) => target.includes("/providers/") && target.split("/")[3] !== file.split("/")[3]),
  );

  expect(offenders).toEqual([]);
});

it("only the provider for AWS knows its SDK", () => {
  const offenders = sources("src/**/*.ts")
    .filter((file) => importsOf(file).some((target) => target.startsWith("@aws-sdk/")))
    .filter((file) => !file.startsWith("src/deploy/providers/aws/"));

  expect(offenders).toEqual([]);
});

function sources(pattern: string): string[] {
  return globSync(pattern).map(slashes);
}

/** Comments and templates may speak of imports without importing. */
function importsOf(file: string): string[] {
  const code = readFileSync(file, "utf8").replaceAll(/^\s*(?:\/?\*|\/\/).*$/gm, "");
  const statements = code.matchAll(/\b(?:from|import)\s*\(?\s*["']([^"'\s$]+)["']/g);
  return Array.from(statements, ([, target]) => target ?? "");
}

function isAllowed(layer: Layer, file: string, target: string): boolean {
  if (target.startsWith(".")) {
    const folder = folderOf(slashes(path.join(path.dirname(file), target)));
    return folder === folderOf(file) || layer.folders.includes(folder);
  }
  const packageName = /^(?:node(?=:)|(?:@[^/]+\/)?[^/]+)/.exec(target)?.[0] ?? target;
  return layer.packages.includes(packageName);
}

/** `src/deploy/registry.ts` is in folder `deploy`. */
function folderOf(file: string): string {
  return file.split("/")[1] ?? "";
}

function slashes(file: string): string {
  return file.split(path.sep).join("/");
}
