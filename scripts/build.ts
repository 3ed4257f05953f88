/**
 * Builds the bundles of ARCHITECTURE.md ("Processes") into dist/.
 *
 *     npm run build [-- NAME...]     all, or only the bundles of these names
 *
 * `dist/meta/NAME.json` holds esbuild's metafile: test/unit/bundles.test.ts checks what went in.
 */
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { build, type BuildOptions } from "esbuild";
import manifest from "../package.json" with { type: "json" };

const root = path.dirname(import.meta.dirname);

interface Bundle {
  readonly entry: string;
  readonly out: string;
  readonly options?: BuildOptions;
}

/** esbuild itself is the one package that stays outside: it brings a binary. */
const external = ["vscode", "esbuild"];

/** The shim travels with every debugged function: small, and without its source map. */
const shimOptions: BuildOptions = { sourcemap: false, minify: true };

/** Copied into every decomposed program: without the source map. */
const stubOptions: BuildOptions = { sourcemap: false, target: "node20" };

export const bundles: Readonly<Record<string, Bundle>> = {
  // As small as it gets: the editor waits while this one is compiled.
  extension: { entry: "src/extension.ts", out: "dist/extension.cjs", options: { minify: true } },
  "language-client": {
    entry: "src/ui/language-client.ts",
    out: "dist/language-client.cjs",
    options: { minifyWhitespace: true },
  },
  deployer: { entry: "src/deploy/main.ts", out: "dist/deployer.cjs", options: { minifyWhitespace: true } },
  // Apart from deployer.cjs and cli.cjs: the SDK is many times as large as all the rest that deploys.
  "provider-aws": {
    entry: "src/deploy/providers/aws/main.ts",
    out: "dist/provider-aws.cjs",
    options: { minify: true },
  },
  server: { entry: "src/server/main.ts", out: "dist/server.cjs" },
  "debug-adapter": { entry: "src/debug-adapter/main.ts", out: "dist/debug-adapter.cjs" },
  platform: { entry: "src/platform/main.ts", out: "dist/platform.cjs" },
  sandbox: { entry: "src/platform/sandbox/bootstrap.ts", out: "dist/sandbox.cjs" },
  cli: { entry: "src/cli/main.ts", out: "dist/cli.cjs", options: { banner: { js: "#!/usr/bin/env node" } } },
  // Apart from cli.cjs: only analyze, extract and deploy need TypeScript's compiler, and reading it takes 0.25 s.
  "cli-analysis": { entry: "src/cli/analysis-main.ts", out: "dist/cli-analysis.cjs" },
  // A process of its own: it runs the user's code.
  "verify-child": { entry: "src/verify/child.ts", out: "dist/verify-child.cjs" },
  // What runs inside the deployed function. Everything in dist/shim/debug/ goes into the root of a debug artifact.
  "debug-shim": {
    entry: "src/shim/node/debug-shim.ts",
    out: "dist/shim/debug/faasify-shim.cjs",
    options: shimOptions,
  },
  "debug-shim-worker": {
    entry: "src/shim/node/debug-worker.ts",
    out: "dist/shim/debug/faasify-shim-worker.cjs",
    options: shimOptions,
  },
  // What a decomposed program runs: its own Node may be older than ours.
  "stub-runtime": { entry: "src/stub/runtime.ts", out: "dist/stub/runtime.cjs", options: stubOptions },
  "stub-main": { entry: "src/stub/main.ts", out: "dist/stub/stub-main.cjs", options: stubOptions },
  "stub-worker": { entry: "src/stub/worker.ts", out: "dist/stub/stub-worker.cjs", options: stubOptions },
  // `import { executor } from "faasify"`, and what makes the units for it.
  executor: { entry: "src/executor/main.ts", out: "dist/executor.cjs", options: stubOptions },
  // `node --import faasify/register`, and what plans the program for it.
  register: { entry: "src/register/main.ts", out: "dist/register.cjs", options: stubOptions },
  "register-hooks": {
    entry: "src/register/older-hooks.ts",
    out: "dist/register-hooks.mjs",
    options: { ...stubOptions, format: "esm" },
  },
  "program-planner": { entry: "src/cli/program-planner.ts", out: "dist/program-planner.cjs" },
  "unit-builder": { entry: "src/cli/unit-builder.ts", out: "dist/unit-builder.cjs" },
  "unit-handler": {
    entry: "src/shim/node/unit-handler.ts",
    out: "dist/shim/unit-handler.mjs",
    // In every artifact: small, quick to compile, and in a scope of its own, apart from what a debugger shows of the unit.
    options: {
      format: "iife",
      globalName: "faasifyHandler",
      footer: { js: "export const { createHandler } = faasifyHandler;" },
      minify: true,
    },
  },
};

/** What TypeScript programs see of a bundle. */
const declarations: Readonly<Record<string, { readonly from: string; readonly to: string }>> = {
  "stub-runtime": { from: "src/stub/runtime.d.cts", to: "dist/stub/runtime.d.cts" },
  executor: { from: "src/executor/faasify.d.cts", to: "dist/executor.d.cts" },
};

/** What esbuild is told for a bundle, its metafile included. */
export function buildOptions(name: string): BuildOptions & { readonly metafile: true } {
  const bundle = bundles[name];
  if (!bundle) throw new Error(`no bundle is called ${name}: there are ${Object.keys(bundles).join(", ")}`);
  return {
    entryPoints: [path.join(root, bundle.entry)],
    outfile: path.join(root, bundle.out),
    absWorkingDir: root,
    bundle: true,
    platform: "node",
    target: "node22",
    format: "cjs",
    minifySyntax: true,
    sourcemap: "linked",
    sourcesContent: false,
    external,
    logLevel: "warning",
    define: { FAASIFY_VERSION: JSON.stringify(manifest.version) },
    ...bundle.options,
    metafile: true,
  };
}

export async function buildBundle(name: string): Promise<void> {
  const { metafile } = await build(buildOptions(name));
  mkdirSync(path.join(root, "dist/meta"), { recursive: true });
  writeFileSync(path.join(root, `dist/meta/${name}.json`), JSON.stringify(metafile));
  const types = declarations[name];
  if (types) copyFileSync(path.join(root, types.from), path.join(root, types.to));
}

export async function buildAll(): Promise<void> {
  await Promise.all(Object.keys(bundles).map(buildBundle));
}

if (process.argv[1] === import.meta.filename) {
  const names = process.argv.slice(2);
  await (names.length > 0 ? Promise.all(names.map(buildBundle)) : buildAll());
}
