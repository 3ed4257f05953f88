/** Calls of a decomposed program whose target cannot be reached, or is lost. */
import { execFile } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, it } from "vitest";
import { decomposeProgram, runProgram } from "./decompose-harness.ts";

const run = promisify(execFile);
const root = realpathSync(mkdtempSync(path.join(os.tmpdir(), "faasify-fallback-")));
const data = path.join(root, "data");
const environment = { ...process.env, FAASIFY_DATA: data };

afterAll(async () => {
  await run(process.execPath, [path.resolve("dist/cli.cjs"), "platform", "stop"], { env: environment });
  rmSync(root, { recursive: true, force: true });
});

async function copyOf(text: string): Promise<string> {
  const file = path.join(mkdtempSync(path.join(root, "program-")), "program.mjs");
  writeFileSync(file, text);
  const out = mkdtempSync(path.join(root, "copy-"));
  const { entry } = await decomposeProgram(file, { out, data });
  return path.join(out, entry);
}

const simple = `let calls = 0;
export function f(n) { calls += 1; console.log("call", calls); return n * 2; }
try { console.log(f(1), f(2)); } catch (error) { console.log(error.code); }
`;
/** Nothing that can run a platform. */
const unreachable = { FAASIFY_DATA: data, FAASIFY_NODE: path.join(root, "no-node") };

it.each([
  ["off", {}, "node-missing\n", /^$/],
  [
    "warn",
    { FAASIFY_FALLBACK: "warn" },
    "call 1\ncall 2\n2 4\n",
    /^faasify: program\.mjs#f runs here: [^\n]*no-node[^\n]*\n$/,
  ],
  ["silent", { FAASIFY_FALLBACK: "silent" }, "call 1\ncall 2\n2 4\n", /^$/],
  ["silent, but remote only", { FAASIFY_FALLBACK: "silent", FAASIFY_REMOTE_ONLY: "1" }, "node-missing\n", /^$/],
  ["no policy", { FAASIFY_FALLBACK: "maybe" }, "wrong-usage\n", /^$/],
])("a target that cannot be reached, with fallback %s", async (_policy, policy, stdout, stderr) => {
  const result = await runProgram(await copyOf(simple), { ...unreachable, ...policy });
  expect(result.stdout).toBe(stdout);
  expect(result.stderr).toMatch(stderr);
});

it("never runs here what may have run there", async () => {
  const entry = await copyOf(`import { createServer } from "node:http";
import { readFileSync } from "node:fs";
export async function f(url) { return (await fetch(url)).text(); }
let requests = 0;
const server = createServer((request, response) => {
  requests += 1;
  const { pid } = JSON.parse(readFileSync(process.env.FAASIFY_DATA + "/platform/platform.json", "utf8"));
  process.kill(pid, "SIGKILL");
  response.end("late");
}).listen(0, "127.0.0.1", async () => {
  try { console.log(await f(\`http://127.0.0.1:\${server.address().port}/\`)); } catch (error) { console.log(error.code); }
  console.log(requests);
  process.exit();
});
`);
  const { stdout } = await runProgram(entry, { FAASIFY_DATA: data, FAASIFY_FALLBACK: "silent" });
  expect(stdout).toBe("platform-unreachable\n1\n");
});
