import { expect, it } from "vitest";
import { SENSITIVE_WORDS } from "../../../src/protocol/sensitive-names.ts";
import { createRedaction } from "../../../src/shim/node/redaction.ts";

const text = (value: string) => ({ type: "string", value });
const hidden = { type: "string", value: "[redacted]" };

function answered(method: string, params: object, result: object): object {
  createRedaction(SENSITIVE_WORDS).answer(method, params, result);
  return result;
}

it("hides members by their names, with all that leads to them", () => {
  const secret = { type: "object", objectId: "1", className: "Object", description: "Object", preview: {} };
  const flag = { type: "boolean", value: true };
  const result = [
    { name: "secret", value: secret },
    { name: "hasPassword", value: flag },
    { name: "getToken", value: { type: "function", objectId: "2" } },
    { name: "user", value: text("ada") },
  ];

  expect(answered("Runtime.getProperties", {}, { result })).toEqual({
    result: [{ name: "secret", value: hidden }, ...result.slice(1)],
  });
});

it("hides the value beside a label", () => {
  const result = [
    { name: "key", value: text("Authorization") },
    { name: "value", value: text("Bearer abc") },
  ];
  expect(answered("Runtime.getProperties", {}, { result })).toEqual({
    result: [result[0], { name: "value", value: hidden }],
  });
});

it("hides what is seen inside previews", () => {
  const preview = {
    type: "object",
    properties: [
      { name: "token", type: "object", value: "Object", valuePreview: {} },
      { name: "note", type: "string", value: "password=1" },
    ],
    entries: [
      {
        key: { type: "string", description: "cookie", properties: [] },
        value: { type: "number", description: "7", properties: [] },
      },
    ],
  };

  answered("Runtime.evaluate", {}, { result: { type: "object", preview } });

  expect(preview.properties).toEqual([
    { name: "token", ...hidden },
    { name: "note", type: "string", value: "password=[redacted]" },
  ]);
  expect(preview.entries[0]?.value).toMatchObject({ description: "[redacted]", properties: [] });
});

it("hides what the user asks for by a secret's name, but not what the adapter needs", () => {
  const evaluated = (objectGroup: string) =>
    answered("Debugger.evaluateOnCallFrame", { expression: "a.password", objectGroup }, { result: text("x") });

  expect(evaluated("evaluate")).toEqual({ result: hidden });
  expect(evaluated("other")).toEqual({ result: text("x") });
  expect(answered("Faasify.readGetter", { name: "token" }, { result: text("x") })).toEqual({ result: hidden });
  expect(answered("Faasify.assign", { name: "a", expression: "token" }, { result: text("x") })).toEqual({
    result: hidden,
  });
});

it("cleans pauses and console output", () => {
  const redaction = createRedaction(SENSITIVE_WORDS);
  const frame = { functionName: "readSecret", this: { type: "undefined" }, returnValue: text("x") };
  const params = { callFrames: [frame], data: { type: "object", description: "Error: token=abc" } };
  redaction.event("Debugger.paused", params);
  const args = [text("secret: abc")];
  redaction.event("Runtime.consoleAPICalled", { args });

  expect(frame.returnValue).toEqual(hidden);
  expect(params.data.description).toBe("Error: token=[redacted]");
  expect(args).toEqual([text("secret: [redacted]")]);
});
