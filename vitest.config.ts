import { defineConfig } from "vitest/config";

// unit: no processes, network or clock. contract and e2e: real processes on 127.0.0.1, from the bundles in dist/.
// smoke: the packaged extension in a real editor.
// The time limits only end what hangs: a busy machine may be ten times slower than an idle one.
// On a CI machine a test of real processes that failed is tried once more, visibly: what such a machine does beside is unknown.
const retry = process.env["CI"] === "true" ? 1 : 0;
const wholePrograms = [
  "test/e2e/decompose.test.ts",
  "test/e2e/decompose-fallback.test.ts",
  "test/e2e/decompose-folder.test.ts",
  "test/e2e/verify.test.ts",
];

export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["test/unit/**/*.test.ts"], testTimeout: 120_000 } },
      { test: { name: "golden", include: ["test/golden/**/*.test.ts"], testTimeout: 240_000, hookTimeout: 240_000 } },
      {
        test: {
          name: "contract",
          retry,
          globalSetup: "test/build-once.ts",
          include: ["test/contract/**/*.test.ts"],
          testTimeout: 240_000,
          hookTimeout: 240_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "e2e",
          retry,
          globalSetup: "test/build-once.ts",
          include: ["test/e2e/**/*.test.ts"],
          exclude: wholePrograms,
          testTimeout: 240_000,
          hookTimeout: 240_000,
          fileParallelism: false,
        },
      },
      {
        // A hundred programs are decomposed, deployed and run: apart, so that they do not hide what the others say.
        test: {
          name: "programs",
          retry,
          globalSetup: "test/build-once.ts",
          include: wholePrograms,
          testTimeout: 240_000,
          hookTimeout: 240_000,
          fileParallelism: false,
        },
      },
      {
        // Needs a packaged VSIX and the editor: run by scripts/test-editor.ts.
        test: {
          name: "smoke",
          include: ["test/smoke/**/*.test.ts"],
          testTimeout: 480_000,
          hookTimeout: 480_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
