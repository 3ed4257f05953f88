import path from "node:path";
import { expect, it } from "vitest";
import { connect, copyProject, createHostTarget, launch, lineOf, membersOf, stopped } from "./debug-harness.ts";

it("means the names of the source, whatever the bundler called them", async () => {
  const folder = copyProject();
  const file = path.join(folder, "src/scaling.ts");
  const more = path.join(folder, "src/scaling-more.ts");
  const client = await connect(createHostTarget(folder));
  await launch(client, { function: `${file}#rescale`, args: [5] }, async () => {
    await client.setBreakpointsRequest({
      source: { path: more },
      breakpoints: [{ line: lineOf(more, "return result"), condition: "scale.factor === 3" }],
    });
    await client.setBreakpointsRequest({
      source: { path: file },
      breakpoints: [
        { line: lineOf(file, "return result"), condition: "scale.factor === 2" },
        { line: lineOf(file, "const result"), logMessage: "{scale.factor} {nearest(1.234)}" },
      ],
    });
  });
  const evaluate = async (expression: string, frameId: number) =>
    (await client.evaluateRequest({ expression, frameId, context: "watch" })).body.result;

  const inside = await stopped(client);
  expect(inside.top.name).toBe("scaleUp");
  expect(await evaluate("scale.factor", inside.top.id)).toBe("3");
  expect(await evaluate("scale.factor", inside.frames[1]?.id ?? 0)).toBe("2");
  await client.continueRequest({ threadId: inside.threadId });

  const outside = await stopped(client);
  expect(outside.top.name).toBe("rescale");
  expect(await evaluate("scale", outside.top.id)).toBe("{factor: 2}");
  expect(await evaluate("nearest(1.239)", outside.top.id)).toBe("1.24");
  const { scopes } = (await client.scopesRequest({ frameId: outside.top.id })).body;
  const module = scopes.find(({ name }) => name === "Module")?.variablesReference ?? 0;
  const variables = new Map((await membersOf(client, module)).map((variable) => [variable.name, variable]));
  expect(variables.get("scale")).toMatchObject({ value: "{factor: 2}", evaluateName: "scale" });
  expect(variables.get("nearest")?.type).toBe("Function");
  expect([...variables.keys()].filter((name) => name.startsWith("__faasify"))).toEqual([]);
  await client.customRequest("setExpression", {
    expression: "scale.factor",
    value: "scale.factor * 10",
    frameId: outside.top.id,
  });
  expect(await evaluate("scale.factor", outside.top.id)).toBe("20");
  await client.continueRequest({ threadId: outside.threadId });
  await client.next("terminated");
  expect(client.output("stdout")).toBe("2 1.23\n");
  expect(client.output("console")).toContain("rescale returned 30");
});
