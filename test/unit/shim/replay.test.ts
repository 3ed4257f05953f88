import { expect, it } from "vitest";
import { type AnswerAhead, type CdpAnswer, createReplay, type Params } from "../../../src/shim/node/replay.ts";

const properties = (objectId: string): Params => ({ objectId, ownProperties: true });
const watch = (expression: string, callFrameId: string): Params => ({
  callFrameId,
  expression,
  throwOnSideEffect: true,
  timeout: 2000,
});
const members = (entries: Record<string, string>): Params => ({
  result: Object.entries(entries).map(([name, objectId]) => ({ name, value: { objectId } })),
});

it("answers at the next pause what was asked at the last one, about the same objects and expressions", async () => {
  const replay = createReplay();
  replay.begin("frame-1", { "scope-1": members({ item: "o1" }) });
  replay.learn("Runtime.getProperties", properties("o1"), { result: members({ tags: "o2" }) });
  replay.learn("Runtime.getProperties", properties("o2"), { result: members({}) });
  replay.learn("Debugger.evaluateOnCallFrame", watch("sum", "frame-1"), { result: {} });

  replay.begin("frame-2", { "scope-9": members({ item: "p1" }) });
  const answers = await run(replay, (_method, { objectId }) =>
    objectId === "p1" ? { result: members({ tags: "p2" }) } : { result: members({}) },
  );

  expect(answers.map(({ method, params }) => [method, params])).toEqual([
    ["Runtime.getProperties", properties("p1")],
    ["Runtime.getProperties", properties("p2")],
    ["Debugger.evaluateOnCallFrame", watch("sum", "frame-2")],
  ]);
});

it("leaves out what is not there any more, what takes too long, what has grown large and what nobody wants", async () => {
  const replay = createReplay();
  replay.begin("frame-1", { s: members({ gone: "o1", large: "o2", kept: "o3" }) });
  for (const id of ["o1", "o2", "o3"]) replay.learn("Runtime.getProperties", properties(id), { result: members({}) });
  replay.learn("Debugger.evaluateOnCallFrame", watch("forever()", "frame-1"), { result: {} });
  const large = { result: { result: Array.from({ length: 201 }, () => ({ name: "x" })) } };
  const serve = (_method: string, { objectId, expression }: Params): CdpAnswer => {
    if (expression !== undefined) return { error: { message: "Execution was terminated" } };
    return objectId === "p2" ? large : { result: members({}) };
  };

  replay.begin("frame-2", { s: members({ large: "p2", kept: "p3" }) });
  const first = await run(replay, serve);
  expect(first.map(({ params }) => params["objectId"])).toEqual(["p3"]);

  replay.forget(first.map(({ id }) => id));
  expect(await run(replay, serve)).toEqual([]);
});

it("learns neither what may change something, nor of another frame, nor of an object that nothing leads to", async () => {
  const replay = createReplay();
  replay.begin("frame-1", {});
  replay.learn("Debugger.evaluateOnCallFrame", { callFrameId: "frame-1", expression: "x = 1" }, { result: {} });
  replay.learn("Debugger.evaluateOnCallFrame", watch("x", "frame-0"), { result: {} });
  replay.learn("Runtime.getProperties", properties("stranger"), { result: members({}) });
  replay.learn("Runtime.evaluate", { expression: "x" }, { result: {} });

  expect(await run(replay, () => ({ result: {} }))).toEqual([]);
});

it("keeps the newest 60 questions", async () => {
  const replay = createReplay();
  replay.begin("frame-1", {});
  for (let index = 0; index < 100; index++)
    replay.learn("Debugger.evaluateOnCallFrame", watch(`x${index}`, "frame-1"), { result: {} });

  const answers = await run(replay, () => ({ result: {} }));

  expect(answers).toHaveLength(60);
  expect(answers[0]?.params["expression"]).toBe("x40");
});

async function run(
  replay: ReturnType<typeof createReplay>,
  serve: (method: string, params: Params) => CdpAnswer,
): Promise<AnswerAhead[]> {
  const answers: AnswerAhead[] = [];
  await replay.run(async (method, params) => serve(method, params), answers, new AbortController().signal);
  return answers;
}
