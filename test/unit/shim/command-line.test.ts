import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createCommandLine, type Done } from "../../../src/shim/node/command-line.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A thread that answers when it is told to. */
function thread() {
  const sent: string[] = [];
  const open: Done[] = [];
  const post = (method: string, _params: object, done: Done): void => {
    if (method === "throws") throw new Error("not connected");
    sent.push(method);
    open.push(done);
  };
  return { line: createCommandLine(post), sent, answer: () => open.shift()?.(null, {}) };
}

it("sends one command after the other while the thread runs", () => {
  const { line, sent, answer } = thread();
  const done = vi.fn<Done>();

  line.post("a", {}, done);
  line.post("b", {});
  expect(sent).toEqual(["a"]);
  answer();

  expect(done).toHaveBeenCalledWith(null, {});
  expect(sent).toEqual(["a", "b"]);
});

it("waits for no command that takes long", () => {
  const { line, sent } = thread();

  line.post("a", {});
  line.post("b", {});
  vi.advanceTimersByTime(20);

  expect(sent).toEqual(["a", "b"]);
});

it("sends all at once to a paused thread, and one by one again from the command on that resumes it", () => {
  const { line, sent, answer } = thread();

  line.post("a", {});
  line.post("b", {});
  line.setPaused(true);
  line.post("c", {});
  expect(sent).toEqual(["a", "b", "c"]);
  line.post("Debugger.stepInto", {});
  line.post("d", {});

  expect(sent).toEqual(["a", "b", "c", "Debugger.stepInto"]);
  for (let index = 0; index < 4; index++) answer();
  expect(sent).toEqual(["a", "b", "c", "Debugger.stepInto", "d"]);
});

it("gives an error of the session to the command, and goes on", () => {
  const { line, sent } = thread();
  const done = vi.fn<Done>();

  line.post("throws", {}, done);
  line.post("b", {});

  expect(done).toHaveBeenCalledWith(expect.objectContaining({ message: "not connected" }));
  expect(sent).toEqual(["b"]);
});

it("lets nothing wait any more at the end", () => {
  const { line, sent } = thread();

  line.post("a", {});
  line.post("b", {});
  line.flush();
  line.post("c", {});

  expect(sent).toEqual(["a", "b", "c"]);
});
