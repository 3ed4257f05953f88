/** Programs that import `faasify` and run functions of theirs over many items: run by plain Node, in processes of their own. */
import { execFile, spawn } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";

const run = promisify(execFile);
const root = realpathSync(mkdtempSync(path.join(os.tmpdir(), "faasify-executor-")));
const data = path.join(root, "data");
const cli = path.resolve("dist/cli.cjs");
const environment = { ...process.env, FAASIFY_DATA: data, NODE_OPTIONS: "" };

mkdirSync(path.join(root, "node_modules"));
symlinkSync(path.resolve("."), path.join(root, "node_modules/faasify"));

afterAll(async () => {
  await run(process.execPath, [cli, "platform", "stop"], { env: environment });
  rmSync(root, { recursive: true, force: true });
});

let programs = 0;

/** A program of one file, or of several: the first one is run. */
function write(files: Readonly<Record<string, string>>): string {
  programs += 1;
  const folder = path.join(root, `program-${programs}`);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  return path.join(folder, Object.keys(files)[0] ?? "");
}

const head = 'import { executor, ItemError } from "faasify";\n';

async function output(text: string, name = "main.mjs"): Promise<readonly string[]> {
  const { stdout } = await run(process.execPath, [write({ [name]: head + text })], { env: environment });
  return stdout.trimEnd().split("\n");
}

describe("a run over items", () => {
  it("gives the results in order, of functions with everything that they capture", async () => {
    const lines = await output(`
const rate = new Map([["a", 2]]);
function double(x) { return x * 2; }
class Point { constructor(x) { this.x = x; } twice() { return new Point(this.x * 2); } }
async function main(factor, limits) {
  const helper = (x) => double(x) + factor;
  function even(x) { return x % 2 === 0 ? "even" : odd(x); }
  const odd = (x) => \`odd \${x}\`;
  console.log(await executor().map(double, [1, 2, 3]));
  console.log(await executor().map((x, index) => [helper(x), index, rate.get("a"), limits.max], new Set([1, 2])));
  console.log(await executor().map(even, [1, 2]), await executor().map(async function (x) { return -x; }, [1]));
  const points = await executor().map((point) => point.twice(), [new Point(1), new Point(4)]);
  console.log(points, points[0] instanceof Point);
  console.log(await executor().call((a, b) => new Date(a + b), 1, 2), await executor().map(double, []));
  const items = [{ n: 1 }];
  await executor().map((item) => { item.n += 1; }, items);
  console.log(items);
  console.log(await executor().mapReduce(double, [1, 2, 3], (sum, value) => sum + value));
  console.log(await executor().mapReduce(double, [1, 2], (all, value) => [...all, value], { initial: ["-"], chunk: 1 }));
}
await main(10, { max: 5 });
`);
    expect(lines).toEqual([
      "[ 2, 4, 6 ]",
      "[ [ 12, 0, 2, 5 ], [ 14, 1, 2, 5 ] ]",
      "[ 'odd 1', 'even' ] [ -1 ]",
      "[ Point { x: 2 }, Point { x: 8 } ] true",
      "1970-01-01T00:00:00.003Z []",
      "[ { n: 2 } ]",
      "12",
      "[ '-', 2, 4 ]",
    ]);
  });

  it("works in TypeScript and in CommonJS", async () => {
    const typescript = await output(
      "type N = number;\nasync function main(by: N): Promise<void> {\n  console.log(await executor().map((x: N): N => x * by, [1, 2]));\n}\nawait main(3);\n",
      "main.mts",
    );
    expect(typescript).toEqual(["[ 3, 6 ]"]);
    const common = write({
      "main.cjs":
        'const { executor } = require("faasify");\nconst by = 2;\nexecutor().map((x) => x * by, [1, 2]).then(console.log);\n',
    });
    expect((await run(process.execPath, [common], { env: environment })).stdout).toBe("[ 2, 4 ]\n");
  });

  it("starts no run again where functions are deployed, and takes along what runs have given", async () => {
    const file = write({
      "main.mjs": `${head}import lib from "./lib.cjs";
const first = await executor().map((x) => lib.add(x, 1), [1]);
const second = await executor().map((x) => lib.add(x, first[0]), [1]);
const [items, run, at] = [1, 1, 1];
const plus = (x) => lib.add(x, second[0] * items * run * at);
console.log(first, second, await executor().map(plus, [1]), await executor().map(lib.spin, [1]));
`,
      "lib.cjs":
        "exports.add = (a, b) => a + b;\nexports.spin = function spin(ms) { const end = performance.now() + ms; while (performance.now() < end); return ms; };\n",
    });
    const { stdout } = await run(process.execPath, [file], { env: environment });
    expect(stdout).toBe("[ 2 ] [ 3 ] [ 4 ] [ 1 ]\n");
  });

  it("ends with the item's index and what the function threw, in lines of the program", async () => {
    const lines = await output(`class Odd extends Error { code = 7; }
try {
  await executor().map((x) => {
    if (x === 3) throw new Odd("three");
    return x;
  }, [1, 2, 3, 4], { chunk: 2 });
} catch (error) {
  const { cause } = error;
  console.log(error instanceof ItemError, error.index, error.message, cause instanceof Odd, cause.code);
  console.log(cause.stack.split("\\n")[1].replace(/.*program-\\d+./, ""));
  console.log(cause.stack.includes("main.mjs:4:"));
}
`);
    expect(lines).toEqual(["true 2 Item 2: three true 7", expect.stringMatching(/^main\.mjs:5:/), "true"]);
  });

  it("is iterated as results come, tells how far it is, and can be cancelled", async () => {
    const lines = await output(`
const seen = [], told = [];
for await (const value of executor().map((x) => x * 2, [1, 2, 3, 4, 5], { chunk: 1, progress: (p) => told.push(p) })) seen.push(value);
console.log(seen.toSorted((a, b) => a - b), told.length, told.at(-1).done, told.at(-1).total);
const entries = [];
for await (const [index, value] of executor().map((x) => x * 2, [7, 8]).entries()) entries[index] = value;
console.log(entries);
const abort = new AbortController();
const slow = executor().map((x) => new Promise((resolve) => setTimeout(resolve, x === 0 ? 0 : 60_000, x)), [0, 1, 2], { signal: abort.signal, chunk: 1 });
for await (const value of slow) { console.log("first", value); abort.abort(new Error("enough")); break; }
await slow.catch((error) => console.log(error.message));
await executor().map((x) => x, [1], { signal: AbortSignal.abort(new Error("never")) }).catch((error) => console.log(error.message));
try { for await (const value of executor().map((x) => { throw x; }, ["odd"])) console.log(value); } catch (error) { console.log(error.cause); }
`);
    expect(lines).toEqual(["[ 2, 4, 6, 8, 10 ] 5 5 5", "[ 14, 16 ]", "first 0", "enough", "never", "odd"]);
  });

  it("refuses what would change copies, and what cannot travel, with its place", async () => {
    const lines = await output(`let count = 0;
const seen = [];
const fails = (fn, items = [1]) => executor().map(fn, items).then(console.log, (error) => console.log((error.cause ?? error).code, (error.cause ?? error).message.replace(/.*program-\\d+./, "")));
async function main(local) {
  await fails((x) => { local += x; });
  await fails((x) => { count += x; });
  await fails((x) => { seen.push(x); });
  await fails(function () { return this; });
  await fails(function* () { yield 1; });
  await fails(String);
  await fails((x) => x.f(1), [{ a: 1 }, { f: () => 1 }]);
  await fails((x) => [x, () => 1]);
}
await main(1);
try { executor().map((x) => x, [1], { chunk: 0 }); } catch (error) { console.log(error.message); }
try { executor().map("f", [1]); } catch (error) { console.log(error.message); }
`);
    expect(lines).toEqual([
      "function-stays-local main.mjs:6 cannot run elsewhere: it changes `local` of the function around it (line 6), and would change a copy",
      expect.stringMatching(/^function-stays-local .*uses `count`, which is changed at main\.mjs:7/),
      expect.stringMatching(/^function-stays-local .*uses `seen`, which is changed at main\.mjs:8/),
      "function-stays-local main.mjs:9 cannot run elsewhere: it uses `this` (line 9)",
      "function-stays-local main.mjs:10 cannot run elsewhere: it is a generator",
      "function-not-found `String` is in no file: it is built in, bound, or made of a text",
      expect.stringMatching(/^value-not-portable .*items\[1\]\.f/),
      expect.stringMatching(/^value-not-portable .*the result of item 0\[1\] is a function/),
      "chunk must be a whole number from 1 on, not 0",
      "executor() runs functions, not string",
    ]);
  });

  it("packages and deploys only what is new", async () => {
    const program = write({
      "main.mjs": `${head}const by = 3;\nconsole.log(await executor().map((x) => x * by, [1, 2]));\n`,
    });
    const list = async (): Promise<string> =>
      (await run(process.execPath, [cli, "list", "--json"], { env: environment })).stdout;
    await run(process.execPath, [program], { env: environment });
    const first = await list();
    const artifacts = readdirSync(path.join(data, "artifacts"));
    await run(process.execPath, [program], { env: environment });
    expect(await list()).toBe(first);
    expect(readdirSync(path.join(data, "artifacts"))).toEqual(artifacts);

    writeFileSync(program, readFileSync(program, "utf8").replace("by = 3", "by = 4"));
    expect((await run(process.execPath, [program], { env: environment })).stdout).toBe("[ 4, 8 ]\n");
  });
});

interface Running {
  readonly done: Promise<string>;
  /** Resolves when so many items are done. */
  reached(items: number): Promise<void>;
}

/** Each item waits a little, prints itself and gives its square; progress is on standard error. */
function startThousand(options: string): Running {
  const file = write({
    "main.mjs": `${head}const items = Array.from({ length: 1000 }, (_, at) => at);
const results = await executor().map(async (x) => {
  await new Promise((resolve) => setTimeout(resolve, 5));
  return x * x;
}, items, { concurrency: 4, chunk: 5, progress: ({ done }) => process.stderr.write(\`\${done}\\n\`), ${options} });
const wrong = results.filter((value, at) => value !== at * at).length;
console.log(results.length, wrong);
`,
  });
  const child = spawn(process.execPath, [file], { env: environment });
  let told = "";
  let text = "";
  child.stderr.on("data", (piece: Buffer) => (told += piece.toString()));
  child.stdout.on("data", (piece: Buffer) => (text += piece.toString()));
  const ended = new Promise<void>((resolve) => void child.once("close", () => resolve()));
  return {
    done: ended.then(() => text || told),
    reached: async (items) => {
      while (child.exitCode === null && Math.max(0, ...told.split("\n").map(Number).filter(Number.isFinite)) < items) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      if (child.exitCode !== null) throw new Error(`the program has ended: ${text}${told}`);
    },
  };
}

async function platformPid(): Promise<number> {
  const { stdout } = await run(process.execPath, [cli, "platform", "status", "--json"], { env: environment });
  return (JSON.parse(stdout) as { pid: number }).pid;
}

function childrenOf(pid: number): readonly number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  return text.trim().split(" ").filter(Boolean).map(Number);
}

describe.skipIf(process.platform !== "linux")("when the run is disturbed", () => {
  it("loses and doubles nothing when the platform is killed", async () => {
    const program = startThousand("");
    await program.reached(100);
    process.kill(await platformPid(), "SIGKILL");
    await program.reached(400);
    process.kill(await platformPid(), "SIGKILL");
    expect(await program.done).toBe("1000 0\n");
  });

  it("loses and doubles nothing when sandboxes are killed", async () => {
    const program = startThousand("");
    for (const items of [50, 200, 500]) {
      await program.reached(items);
      for (const sandbox of childrenOf(await platformPid())) process.kill(sandbox, "SIGKILL");
    }
    expect(await program.done).toBe("1000 0\n");
  });

  it("does not run twice what somebody may notice, unless it is told to", async () => {
    const text = (options: string): string => `import { createServer } from "node:http";
let requests = 0;
const server = createServer((request, response) => {
  requests += 1;
  if (requests === 1) console.error("busy");
  else response.end("ok");
}).listen(0, "127.0.0.1", async () => {
  const { port } = server.address();
  const call = async () => (await fetch(\`http://127.0.0.1:\${port}/\`)).text();
  await executor().map(call, [0], ${options}).then(console.log, (error) => console.log(error.index, error.cause.code));
  console.log(requests);
  process.exit();
});
`;
    const outcome = async (options: string): Promise<string> => {
      const child = spawn(process.execPath, [write({ "main.mjs": head + text(options) })], { env: environment });
      let printed = "";
      child.stdout.on("data", (piece: Buffer) => (printed += piece.toString()));
      child.stderr.on("data", () => {
        void platformPid().then((pid) => childrenOf(pid).forEach((sandbox) => process.kill(sandbox, "SIGKILL")));
      });
      await new Promise<void>((resolve) => void child.once("close", () => resolve()));
      return printed;
    };
    expect(await outcome("{}")).toBe("0 invocation-failed\n1\n");
    expect(await outcome("{ retries: 2 }")).toBe("[ 'ok' ]\n2\n");
  });
});

it("gives what is late to another sandbox, and takes the first answer", async () => {
  const lines = await output(`import { createServer } from "node:http";
let slow = 0;
const server = createServer((request, response) => {
  if (request.url === "/3" && slow++ === 0) return;
  response.end(request.url);
}).listen(0, "127.0.0.1", async () => {
  const { port } = server.address();
  const call = async (item) => (await fetch(\`http://127.0.0.1:\${port}/\${item}\`)).text();
  console.log(await executor().map(call, [0, 1, 2, 3, 4, 5], { stragglers: true, concurrency: 2, chunk: 1 }), slow);
  process.exit();
});
`);
  expect(lines).toEqual(["[ '/0', '/1', '/2', '/3', '/4', '/5' ] 2"]);
});
