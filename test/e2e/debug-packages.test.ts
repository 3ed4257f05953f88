/** Debugging a function beside which packages and files are shipped: they are nobody's lines. */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { connect, copyProject, createHostTarget, launch, lineOf, stopped, variablesOf } from "./debug-harness.ts";

const source = `import { readFileSync } from "node:fs";
import { count } from "odd";
export function f(n: number): string {
  const unit = readFileSync(new URL("./unit.txt", import.meta.url), "utf8");
  const counted = count(n);
  return counted + unit;
}
`;
/** More lines than the bundle has, so that it has one wherever the bundle's breakpoints are. */
const lines = Array.from({ length: 5000 }, () => "  total += n;").join("\n");
const odd = `import { readFileSync } from "node:fs";
export function count(n) {
  let total = 0;
${lines}
  return total / Number(readFileSync(new URL("./by.txt", import.meta.url), "utf8"));
}
`;

it("stops and steps in the user's lines only, although a package has a file of the bundle's name", async () => {
  const folder = copyProject();
  const file = path.join(folder, "src/counted.ts");
  const place = path.join(folder, "node_modules/odd");
  mkdirSync(place, { recursive: true });
  writeFileSync(path.join(place, "package.json"), `{ "name": "odd", "type": "module", "exports": "./index.mjs" }`);
  writeFileSync(path.join(place, "index.mjs"), odd);
  writeFileSync(path.join(place, "by.txt"), "1000");
  writeFileSync(file, source);
  writeFileSync(path.join(folder, "src/unit.txt"), " pieces");
  const client = await connect(createHostTarget(folder));
  await launch(client, { function: `${file}#f`, args: [3] }, async () => {
    const breakpoints = [{ line: lineOf(file, "const unit") }];
    await client.setBreakpointsRequest({ source: { path: file }, breakpoints });
  });

  const first = await stopped(client);
  const { threadId } = first;
  expect(first.top).toMatchObject({ name: "f", line: lineOf(file, "const unit"), source: { path: file } });
  await client.nextRequest({ threadId });
  const second = await stopped(client);
  expect(second.top.line).toBe(lineOf(file, "const counted"));
  expect((await variablesOf(client, second.top.id)).get("unit")).toMatchObject({ value: "' pieces'" });
  await client.stepInRequest({ threadId });
  const third = await stopped(client);
  expect(third.top).toMatchObject({ name: "f", line: lineOf(file, "return counted"), source: { path: file } });
  await client.continueRequest({ threadId });
  await client.next("terminated");

  expect(client.output("console")).toContain('f returned "15 pieces"');
  await client.disconnectRequest();
});
