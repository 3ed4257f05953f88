import { once } from "node:events";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { decodeValue } from "../../src/protocol/values/codec.ts";
import { openCliPlace, type CliPlace } from "./cli-harness.ts";

const cart = `import { roundToCents } from "./money.ts";
const vatRate = 0.2;
/** Adds up a cart. */
export function checkout(items: { price: number }[], coupon = ""): { net: number; vat: number } {
  const net = items.reduce((sum, item) => sum + item.price, 0);
  console.log(\`\${items.length} items \${coupon}\`);
  return { net, vat: roundToCents(net * vatRate) };
}
export const greet = (name: string): string => \`Hello, \${name}!\`;
export function each(items: unknown[], callback: (item: unknown) => void): void {
  items.forEach(callback);
}
export function fail(why: string): never {
  throw new RangeError(why);
}
export const today = () => ({ rows: [{ at: new Date(0) }] });
export const weak = () => ({ rows: [new WeakMap()] });
`;
const files = {
  "package.json": `{ "type": "module" }`,
  "src/cart.ts": cart,
  "src/money.ts": "export const roundToCents = (amount: number): number => Math.round(amount * 100) / 100;\n",
  "src/handler.js":
    "export const handler = async (event, context) => ({ got: event, id: typeof context.awsRequestId });\n",
  "src/main.ts": `import { greet } from "./cart.ts";\nfunction main() { console.log(greet("Ada")); }\nmain();\n`,
  "src/broken.ts": "export function ok() { return 1; }\nexport function broken( {\n",
  "src/missing.ts": `import pad from "left-pad";\nexport const padded = (text: string): string => pad(text, 3);\n`,
  "node_modules/skipped/index.js": "export function skipped() {}\n",
};

let place: CliPlace;
beforeAll(() => {
  place = openCliPlace(files);
});
afterAll(() => place[Symbol.asyncDispose]());

describe("analyze", () => {
  it("gives every function's verdict with reasons, and skips node_modules", async () => {
    const { functions, problems } = (await place.json("analyze", "src")) as {
      functions: { id: string }[];
      problems: unknown[];
    };

    const byId = new Map(functions.map((entry) => [entry.id, entry]));
    expect(byId.get("src/cart.ts#checkout")).toMatchObject({
      file: "src/cart.ts",
      name: "checkout",
      line: 4,
      verdict: "effects",
      effects: ["console"],
    });
    expect(byId.get("src/cart.ts#greet")).toMatchObject({ verdict: "pure", reasons: [] });
    expect(byId.get("src/cart.ts#each")).toMatchObject({ verdict: "local", reasons: [{ line: 10 }] });
    expect(byId.get("src/main.ts#main")).toMatchObject({ verdict: "entry" });
    expect([...byId.keys()].some((id) => id.includes("skipped"))).toBe(false);
    expect(problems).toEqual([expect.objectContaining({ file: "src/broken.ts", line: expect.any(Number) })]);
  });

  it("says the same to people", async () => {
    const { status, stdout } = await place.run("analyze", "src/cart.ts");

    expect(status).toBe(0);
    expect(stdout).toContain("src/cart.ts#greet:9  pure");
    expect(stdout).toContain("stays here: takes the callback");
  });
});

describe("extract", () => {
  it("writes the unit with every line where it was, and what it uses", async () => {
    const written = await place.json("extract", "src/cart.ts#checkout", "--out", "unit");

    expect(written).toMatchObject({
      function: "src/cart.ts#checkout",
      entry: "cart.ts",
      files: expect.arrayContaining(["cart.ts", "money.ts"]),
      format: "esm",
    });
    const lines = readFileSync(path.join(place.project, "unit/cart.ts"), "utf8").split("\n");
    expect(lines[3]).toBe(cart.split("\n")[3]);
    expect(lines.join("\n")).not.toContain("Hello");
    const description = JSON.parse(readFileSync(path.join(place.project, "unit/faasify.unit.json"), "utf8")) as object;
    expect(description).toMatchObject({ function: "checkout", effects: ["console"] });
  });

  it("never overwrites the original", async () => {
    const { status, stderr } = await place.run("extract", "src/cart.ts#checkout", "--out", "src");

    expect(status).toBe(2);
    expect(stderr).toContain("would overwrite");
    expect(readFileSync(path.join(place.project, "src/cart.ts"), "utf8")).toBe(cart);
  });
});

describe("deploy, invoke and look", () => {
  it("deploys a function, and leaves it alone the second time", async () => {
    const first = await place.json("deploy", "src/cart.ts#checkout");
    const second = await place.json("deploy", "src/cart.ts#checkout");

    expect(first).toEqual({
      deployments: [
        expect.objectContaining({
          function: "src/cart.ts#checkout",
          target: "local",
          name: expect.stringMatching(/^cart-checkout-[0-9a-f]{8}$/),
          version: "$LATEST",
          artifactBytes: expect.any(Number),
          durationMs: expect.any(Number),
          unchanged: false,
        }),
      ],
    });
    expect(second).toMatchObject({ deployments: [{ unchanged: true }] });
  });

  it("deploys all exported functions of a file that can move", async () => {
    const { deployments } = (await place.json("deploy", "src/cart.ts")) as { deployments: { function: string }[] };

    expect(deployments.map((entry) => entry.function)).toEqual(
      ["checkout", "greet", "fail", "today", "weak"].map((name) => `src/cart.ts#${name}`),
    );
  });

  it("shows a result that plain JSON would change, and gives it as it travelled with --json", async () => {
    const { stdout } = await place.run("invoke", "src/cart.ts#today");
    const { result } = (await place.json("invoke", "src/cart.ts#today")) as { result: unknown };

    expect(stdout).toBe("{ rows: [ { at: 1970-01-01T00:00:00.000Z } ] }\n");
    expect(decodeValue(result)).toEqual({ rows: [{ at: new Date(0) }] });
  });

  it("invokes with arguments", async () => {
    const result = await place.json(
      "invoke",
      "src/cart.ts#checkout",
      "--args",
      `[[{"price": 10}, {"price": 2.5}], "WELCOME"]`,
    );

    expect(result).toMatchObject({
      result: { net: 12.5, vat: 2.5 },
      durationMs: expect.any(Number),
      coldStart: expect.any(Boolean),
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect((result["log"] as string[]).join("\n")).toContain("2 items WELCOME");
  });

  it("invokes with an event, also from a file, that names the parameters or is the only one", async () => {
    place.write({ "event.json": `{"name": "Grace"}` });

    expect(await place.json("invoke", "src/cart.ts#greet", "--event", `{"name":"Ada"}`)).toMatchObject({
      result: "Hello, Ada!",
    });
    expect(await place.json("invoke", "src/cart.ts#greet", "--event", "@event.json")).toMatchObject({
      result: "Hello, Grace!",
    });
    expect(await place.json("invoke", "src/cart.ts#greet", "--event", `"Bo"`)).toMatchObject({ result: "Hello, Bo!" });
  });

  it("deploys on the way what is not deployed, and gives a handler its event as it is", async () => {
    const event = await place.json("invoke", "src/handler.js#handler", "--event", `{"n":1}`);
    const args = await place.json("invoke", "src/handler.js#handler", "--args", `[{"n":2}]`);

    expect(event).toMatchObject({ result: { got: { n: 1 }, id: "string" } });
    expect(args).toMatchObject({ result: { got: { n: 2 } } });
  });

  it("prints the result alone on stdout, for pipes", async () => {
    const { status, stdout, stderr } = await place.run("invoke", "src/cart.ts#checkout", "--args", `[[{"price": 1}]]`);

    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ net: 1, vat: 0.2 });
    expect(stderr).toContain("1 items");
    expect(stderr).toMatch(/[\d.]+ ms/);
  });

  it("a function that throws gives status 1, and the places in the user's own file", async () => {
    const failed = await place.run("invoke", "src/cart.ts#fail", "--args", `["no stock"]`, "--json");

    expect(failed.status).toBe(1);
    expect(JSON.parse(failed.stdout)).toMatchObject({
      error: {
        name: "RangeError",
        message: "no stock",
        stack: expect.arrayContaining([expect.stringContaining(`${path.join(place.project, "src/cart.ts")}:14:9`)]),
      },
      durationMs: expect.any(Number),
    });
    expect((await place.run("invoke", "src/cart.ts#fail", "--args", `["x"]`)).stderr).toContain("RangeError: x");
  });

  it("lists, counts and shows the log", async () => {
    await place.json("invoke", "src/cart.ts#checkout", "--args", "[[]]");

    const { functions } = (await place.json("list")) as { functions: { function: string; stale: boolean }[] };
    expect(functions).toContainEqual(
      expect.objectContaining({ function: "src/cart.ts#checkout", target: "local", stale: false }),
    );

    const metrics = (await place.json("metrics", "src/cart.ts#checkout", "src/cart.ts#fail")) as {
      functions: { invocations: number }[];
    };
    expect(metrics.functions).toEqual([
      expect.objectContaining({ function: "src/cart.ts#checkout", errors: 0, throttles: 0, p50Ms: expect.any(Number) }),
      expect.objectContaining({ function: "src/cart.ts#fail", invocations: 2, errors: 2, p95Ms: expect.any(Number) }),
    ]);
    expect((await place.run("metrics")).stdout).toMatch(/function +invocations +errors/);

    const { events } = (await place.json("logs", "src/cart.ts#checkout")) as {
      events: { timestampMs: number; message: string }[];
    };
    expect(events.map(({ message }) => message).join("\n")).toContain("0 items");
    expect((await place.json("logs", "src/cart.ts#checkout", "--limit", "1"))["events"]).toHaveLength(1);
  });

  it("deploys again before an invocation when a source has changed, and says so", async () => {
    await place.json("invoke", "src/cart.ts#greet", "--args", `["Ada"]`);
    place.write({ "src/cart.ts": cart.replace("Hello", "Good morning") });

    const { stdout, stderr } = await place.run("invoke", "src/cart.ts#greet", "--args", `["Ada"]`);

    expect(JSON.parse(stdout)).toBe("Good morning, Ada!");
    expect(stderr).toContain("has changed since it was deployed");
    place.write({ "src/cart.ts": cart });
  });

  it("removes a function", async () => {
    await place.json("deploy", "src/handler.js#handler");

    expect(await place.json("remove", "src/handler.js#handler")).toEqual({ removed: ["src/handler.js#handler"] });
    expect((await place.json("list"))["functions"]).not.toContainEqual(
      expect.objectContaining({ function: "src/handler.js#handler" }),
    );
  });

  it("puts the sleeping debug shim in with --debug, which changes no result", async () => {
    await place.json("deploy", "src/cart.ts#greet", "--debug");

    expect(await place.json("invoke", "src/cart.ts#greet", "--args", `["Ada"]`)).toMatchObject({
      result: "Hello, Ada!",
    });
  });
});

describe("foreseen failures end with status 3 and say what to do", () => {
  it.each<[string, string, readonly string[]]>([
    ["file-not-found", "Check the path", ["deploy", "src/nowhere.ts#f"]],
    ["file-not-found", "Correct the path", ["analyze", "nowhere"]],
    ["file-not-found", "Correct the path", ["deploy", "nowhere.ts"]],
    ["function-not-found", "checkout", ["deploy", "src/cart.ts#nothing"]],
    ["function-stays-local", "callback", ["deploy", "src/cart.ts#each"]],
    ["function-stays-local", "entry point", ["deploy", "src/main.ts#main"]],
    ["dependency-missing", "npm install", ["deploy", "src/missing.ts#padded"]],
    ["target-unknown", "Use one of: local", ["deploy", "src/cart.ts#greet", "--target", "mars"]],
    ["target-unknown", "Use one of: local", ["invoke", "src/cart.ts#greet", "--target", "mars"]],
    ["bad-arguments", "Give JSON", ["invoke", "src/cart.ts#greet", "--args", "[not json"]],
    ["bad-arguments", "brackets", ["invoke", "src/cart.ts#greet", "--args", `{"name": "Ada"}`]],
    ["bad-arguments", "Give JSON", ["invoke", "src/cart.ts#greet", "--event", "{"]],
    ["file-not-found", "behind @", ["invoke", "src/cart.ts#greet", "--event", "@nowhere.json"]],
    ["value-not-portable", "result.rows[0] is a WeakMap", ["invoke", "src/cart.ts#weak"]],
    ["function-not-deployed", "faasify list", ["remove", "src/money.ts#roundToCents"]],
    ["function-not-deployed", "faasify list", ["logs", "src/money.ts#roundToCents"]],
  ])("%s (%s)", async (code, text, args) => {
    const { status, stdout, stderr } = await place.run(...args, "--json");

    expect({ status, stdout }).toEqual({ status: 3, stdout: "" });
    expect(stderr).toMatch(new RegExp(`^error ${code}: .*\\. .*\\.\\n$`));
    expect(stderr).toContain(text);
  });

  it("file-not-parsed: of a file that is broken, what can be read is deployed or refused by its place", async () => {
    place.write({ "src/hopeless.ts": "export function ( {{{\n" });

    const { status, stderr } = await place.run("deploy", "src/hopeless.ts");

    expect(status).toBe(3);
    expect(stderr).toMatch(/^error (?:file-not-parsed|function-not-found): src\/hopeless\.ts/);
  });

  it("platform-state-not-writable", async () => {
    writeFileSync(path.join(place.project, "occupied"), "a file where the data folder should be");

    const { status, stderr } = await place.run("platform", "start", "--data", "occupied");

    expect(status).toBe(3);
    expect(stderr).toMatch(/^error platform-state-not-writable: .*FAASIFY_DATA\.\n$/);
  });
});

describe("wrong usage ends with status 2 and points to the help", () => {
  it.each<[string, readonly string[]]>([
    ["There is no command", ["fly"]],
    ["There is no command", ["help", "fly"]],
    ["'--out' is empty", ["extract", "src/cart.ts#greet", "--out", ""]],
    ["'--data' is empty", ["list", "--data", ""]],
    ["from 0 to 65535", ["dap", "--port", "70000"]],
    ["from 1 to", ["logs", "src/cart.ts#greet", "--limit", "0"]],
    ["Name at least one", ["analyze"]],
    ["Name one function", ["invoke"]],
    ["does not name a function", ["invoke", "src/cart.ts"]],
    ["Unknown option '--fast'", ["deploy", "src/cart.ts", "--fast"]],
    ["--port needs a whole number", ["platform", "start", "--port", "many"]],
    ["start, stop, status or env", ["platform", "restart"]],
    ["--args or --event, not both", ["invoke", "src/cart.ts#greet", "--args", "[]", "--event", "{}"]],
    ["Say with --out", ["extract", "src/cart.ts#greet"]],
  ])("%s", async (text, args) => {
    const { status, stdout, stderr } = await place.run(...args);

    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(/^error wrong-usage: .*\.\n$/);
    expect(stderr).toContain(text);
  });
});

describe("unusual surroundings", () => {
  it("deployed code that somebody deleted: invoking and deploying put it back", async () => {
    const invocation = ["invoke", "src/money.ts#roundToCents", "--args", "[1.005]"];
    await place.run(...invocation);
    const code = path.join(place.data, "platform", "code");
    const deleteCode = (): void => {
      for (const name of readdirSync(code)) rmSync(path.join(code, name), { recursive: true });
    };
    // What is warm would go on with the code that it has loaded.
    await place.run("platform", "stop");
    deleteCode();

    const invoked = await place.run(...invocation);
    expect({ status: invoked.status, stdout: invoked.stdout }).toEqual({ status: 0, stdout: "1\n" });

    deleteCode();
    expect(await place.json("deploy", "src/money.ts#roundToCents")).toMatchObject({
      deployments: [{ unchanged: false }],
    });
    expect(readdirSync(code)).toHaveLength(1);
    await place.run("remove", "src/money.ts#roundToCents");
  });

  it("files whose names have blanks, a # or other letters", async () => {
    const name = "src/my dir/ünï #1.ts";
    place.write({ [name]: "export const twice = (n: number): number => 2 * n;\n" });

    const deployed = await place.json("deploy", name);
    const invoked = await place.json("invoke", `${name}#twice`, "--args", "[21]");

    expect(deployed).toMatchObject({ deployments: [{ function: `${name}#twice` }] });
    expect(invoked).toMatchObject({ result: 42 });
  });

  it("nobody who reads stdout or stderr: the exit status still counts", async () => {
    const statusOf = async (stream: "stdout" | "stderr", ...args: readonly string[]) => {
      const { child } = place.start(...args);
      child[stream]?.destroy();
      const [status] = (await once(child, "exit")) as [number | null];
      return status;
    };

    expect(await statusOf("stderr", "fly")).toBe(2);
    expect(await statusOf("stdout", "analyze", "src", "--json")).toBe(0);
  });
});

describe("help", () => {
  it("lists every command, and explains each", async () => {
    const { status, stdout } = await place.run("--help");
    expect(status).toBe(0);

    const names = Array.from(stdout.matchAll(/^ {2}([a-z]+) {2,}\S/gm), ([, name]) => name ?? "");
    expect(names).toEqual(
      expect.arrayContaining([
        "analyze",
        "extract",
        "deploy",
        "invoke",
        "list",
        "logs",
        "metrics",
        "remove",
        "platform",
        "dap",
      ]),
    );
    for (const name of names) expect((await place.run(name, "--help")).stdout).toContain(`faasify ${name} `);
    expect((await place.run("--version")).stdout).toBe(`${manifest.version}\n`);
  });

  it("loads TypeScript's compiler only where it is needed", () => {
    expect(bundlesLoadedBy("list")).toEqual(["cli.cjs"]);
    expect(bundlesLoadedBy("analyze", "src/money.ts")).toEqual(["cli-analysis.cjs", "cli.cjs"]);
  });
});

function bundlesLoadedBy(...args: readonly string[]): readonly string[] {
  const cli = path.resolve("dist/cli.cjs");
  const script = `process.on("exit", () => console.log("\\n" + JSON.stringify(Object.keys(require.cache)))); require(${JSON.stringify(cli)});`;
  const output = execFileSync(process.execPath, ["-e", script, cli, ...args], {
    cwd: place.project,
    env: { ...process.env, FAASIFY_DATA: place.data },
    encoding: "utf8",
  });
  const loaded = JSON.parse(output.trim().split("\n").at(-1) ?? "") as string[];
  return loaded.map((file) => path.basename(file)).toSorted();
}
