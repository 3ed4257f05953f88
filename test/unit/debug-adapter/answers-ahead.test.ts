import { expect, it } from "vitest";
import { createAnswersAhead } from "../../../src/debug-adapter/cdp/answers-ahead.ts";

const question = { objectId: "o1", ownProperties: true };
const ahead = (id: number) => ({
  id,
  method: "Runtime.getProperties",
  params: question,
  answer: { result: { result: [] } },
});

it("knows an answer until something may have changed", () => {
  const answers = createAnswersAhead(() => {});
  answers.take([ahead(1)]);

  expect(answers.find("Runtime.getProperties", question)).toEqual({ result: { result: [] } });
  expect(answers.find("Runtime.getProperties", { objectId: "o2" })).toBeUndefined();
  answers.find("Debugger.evaluateOnCallFrame", { expression: "x", throwOnSideEffect: true });
  expect(answers.find("Runtime.getProperties", question)).toBeDefined();
  answers.find("Debugger.evaluateOnCallFrame", { expression: "x = 1", throwOnSideEffect: false });
  expect(answers.find("Runtime.getProperties", question)).toBeUndefined();
});

it("says which answers nobody has wanted at three stops in a row", () => {
  const unwanted: number[][] = [];
  const answers = createAnswersAhead((ids) => unwanted.push(ids));
  const stop = (look: boolean) => {
    answers.take([ahead(1), { ...ahead(2), params: { objectId: "o2" } }]);
    if (look) answers.find("Runtime.getProperties", question);
    answers.find("Debugger.stepOver", undefined);
  };

  for (const look of [true, false, true, false]) stop(look);

  expect(unwanted).toEqual([[2]]);
});
