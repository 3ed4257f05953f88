import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import { buildOptions } from "../../scripts/build.ts";

interface Contents {
  readonly packages: readonly string[];
  readonly bytes: number;
}

/** Bundles without writing anything. */
async function contentsOf(name: string): Promise<Contents> {
  const { metafile } = await build({ ...buildOptions(name), write: false });
  const bundle = Object.values(metafile.outputs).find(({ entryPoint }) => entryPoint !== undefined);
  const packages = Object.keys(bundle?.inputs ?? {}).flatMap(
    (file) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? [],
  );
  return { packages: [...new Set(packages)].toSorted((a, b) => a.localeCompare(b)), bytes: bundle?.bytes ?? 0 };
}

describe("what the editor compiles before activation", () => {
  it("is small and brings no analysis, packager, debug adapter, language client or cloud SDK", async () => {
    const { packages, bytes } = await contentsOf("extension");

    expect(packages).toEqual(["valibot"]);
    // With the language client in it (1.3 MB) compiling alone took 35 ms of the 60 that activation may take.
    expect(bytes).toBeLessThan(100_000);
  });
});

describe("what the editor loads at first use", () => {
  it("deploys without a cloud's SDK, which is in a bundle of its own", async () => {
    for (const name of ["deployer", "cli", "stub-worker"]) {
      const { packages, bytes } = await contentsOf(name);

      expect(packages.filter((each) => /^@(?:aws-sdk|smithy)\//.test(each))).toEqual([]);
      expect(bytes).toBeLessThan(400_000);
    }
    const { packages, bytes } = await contentsOf("provider-aws");
    expect(packages).toContain("@aws-sdk/client-lambda");
    expect(bytes).toBeLessThan(1_500_000);
  });

  it("has the language client and nothing of the server", async () => {
    const { packages } = await contentsOf("language-client");

    expect(packages).toContain("vscode-languageclient");
    expect(packages).not.toContain("vscode-languageserver");
    expect(packages).not.toContain("ts-morph");
  });
});
