import type { DebugProtocol } from "@vscode/debugprotocol";
import { expect, it } from "vitest";
import { violationsOf } from "../e2e/dap-schema.ts";

const check = (message: object): string[] => violationsOf({ seq: 1, ...message } as DebugProtocol.ProtocolMessage);
const answer = { type: "response", request_seq: 1, success: true };

it("takes messages as the protocol has them, and custom ones", () => {
  expect(check({ type: "request", command: "next", arguments: { threadId: 1, granularity: "line" } })).toEqual([]);
  expect(check({ type: "request", command: "launch", arguments: { function: "a.ts#b" } })).toEqual([]);
  expect(check({ type: "event", event: "stopped", body: { reason: "step", threadId: 1 } })).toEqual([]);
  expect(check({ ...answer, command: "threads", body: { threads: [{ id: 1, name: "a" }] } })).toEqual([]);
  expect(check({ type: "request", command: "faasify/invoke", arguments: 7 })).toEqual([]);
});

it("finds what is missing, of the wrong type, not among the values, or unknown", () => {
  expect(check({ type: "request", command: "next", arguments: {} })).toHaveLength(1);
  expect(check({ ...answer, command: "evaluate", body: { result: "1", variablesReference: "0" } })).toEqual([
    expect.stringContaining("variablesReference"),
  ]);
  expect(check({ type: "event", event: "output", body: { output: "", group: "middle" } }).join()).toContain("group");
  expect(check({ type: "event", event: "stopped", body: { reason: "step", threadid: 1 } })).toEqual([
    expect.stringContaining("threadid"),
  ]);
  expect(check({ ...answer, success: false, command: "next", body: { error: { id: "1" } } }).join()).toContain("error");
});

it("checks the arguments of what extends another type", () => {
  const column = {
    type: "request",
    command: "setDataBreakpoints",
    arguments: { breakpoints: [{ accessType: "write" }] },
  };
  expect(check(column)).toEqual([expect.stringContaining("dataId")]);
});
