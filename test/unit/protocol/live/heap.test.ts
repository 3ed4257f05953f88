import { describe, expect, it } from "vitest";
import { EncodedValueBroken, ValueNotPortable } from "../../../../src/protocol/values/errors.ts";
import { converse } from "./conversation.ts";

describe("an object that both ends have", () => {
  it("stays one object, and what either end changes the other has with the next message", () => {
    const { here, there } = converse();
    const mine = { n: 1, inner: { list: [1] } };
    const theirs = here.give(mine) as typeof mine & { added?: object };
    theirs.n = 2;
    theirs.inner.list.push(2);
    const added = { from: "there" };
    theirs.added = added;

    expect(there.give([theirs, added])).toEqual([mine, added]);
    expect(mine).toEqual({ n: 2, inner: { list: [1, 2] }, added: { from: "there" } });
    mine.inner.list.length = 0;
    const again = here.give({ mine, list: mine.inner.list }) as { mine: object; list: object };
    expect(again.mine).toBe(theirs);
    expect(again.list).toBe(theirs.inner.list);
    expect(theirs.inner.list).toEqual([]);
  });

  it("may be a collection under an iterator that is on its way", () => {
    const { here, there } = converse();
    const map = new Map([
      ["a", 1],
      ["b", 2],
      ["c", 3],
    ]);
    const set = new Set([1, 2]);
    const [theirMap, theirSet] = here.give([map, set]) as [typeof map, typeof set];
    const keys = theirMap.keys();
    const values = theirSet.values();
    expect([keys.next().value, values.next().value]).toEqual(["a", 1]);
    map.delete("b");
    map.set("d", 4);
    map.delete("a");
    map.set("a", 0);
    set.add(3);
    here.give(null);

    expect([...theirMap]).toEqual([
      ["c", 3],
      ["d", 4],
      ["a", 0],
    ]);
    expect([...keys]).toEqual(["c", "d", "a"]);
    expect([...values]).toEqual([2, 3]);
    expect(there.give(theirMap)).toBe(map);
  });

  it("is told nothing of while it stays the same", () => {
    const { here } = converse();
    const mine = { list: [1, 2, 3], bytes: Buffer.from("abc") };
    here.give(mine);

    expect(here.talk.write("answer", { outcome: { ok: true, value: mine } })).toEqual({
      type: "answer",
      outcome: { ok: true, value: [0] },
    });
  });

  it("may be a small buffer, of whose pool nothing else is told", () => {
    const { here, there } = converse();
    const first = Buffer.from("first");
    const theirs = here.give(first) as Buffer;
    const second = Buffer.from("second");
    expect(second.buffer).toBe(first.buffer);
    const message = here.talk.write("answer", { outcome: { ok: true, value: second } });
    first[0] = 70;
    const received = there.talk.read(message).outcome?.value as Buffer;
    expect([String(received), received.buffer === theirs.buffer]).toEqual(["second", true]);
    here.give(0);
    received[0] = 83;
    there.give(0);

    expect([first, second, theirs, received].map(String)).toEqual(["First", "Second", "First", "Second"]);
    expect(JSON.stringify(message).length).toBeLessThan(300);
  });

  it("is refused with its path when it comes to hold what cannot travel, and nothing is lost by that", () => {
    const { here, there } = converse();
    const mine: Record<string, unknown> = { deep: { items: [] as unknown[] } };
    here.talk.heap.adopt([mine], [mine, mine["deep"] as object, []], { args: [mine] });
    const other = converse().here;
    expect(() => other.give({ ok: { bad: new WeakMap() } })).toThrow(
      new ValueNotPortable("result.ok.bad", "a WeakMap"),
    );
    mine["deep"] = { items: [new WeakSet()] };

    expect(() => here.give(1)).toThrow(new ValueNotPortable("args[0].deep.items[0]", "a WeakSet"));
    expect(there.talk.heap.size).toBe(0);
  });

  it("is forgotten when the other end says that it has dropped it", () => {
    const { here, there } = converse();
    const mine = { n: 1 };
    const theirs = here.give(mine) as typeof mine;
    there.talk.heap.decode({ dropped: [0] }, () => undefined);
    theirs.n = 2;

    expect(there.talk.heap.indexOf(theirs)).toBeUndefined();
    expect(there.talk.write("answer")).toEqual({ type: "answer" });
  });
});

describe("a message that is none", () => {
  it.each([
    [{ changes: [[7, { k: ["a", 1] }]] }, /object 7/],
    [{ dropped: [3] }, /object 3/],
    [{ objects: [["ref", { what: "ever" }]] }, /a reference/],
    [{ objects: [5] }, /an object/],
    ["text", /should be an object/],
  ])("%j is said to be broken", (heap, problem) => {
    const { there } = converse();

    expect(() => there.talk.heap.decode(heap, () => undefined)).toThrow(EncodedValueBroken);
    expect(() => there.talk.heap.decode(heap, () => undefined)).toThrow(problem);
  });

  it.each([
    [{ how: "call", target: 1, self: null, args: [] }],
    [{ how: "steal", target: [0], self: null, args: [] }],
    [{ how: "next", target: [0], self: null }],
  ])("asks for %j and is said to be broken", (request) => {
    const { here, there } = converse();
    here.give({});

    expect(() => there.talk.read({ type: "call", request: request as never })).toThrow(EncodedValueBroken);
  });
});

it("module variables travel when they hold something else", () => {
  const { here, there } = converse();
  here.state["a.mjs#n"] = 1;
  const list = [1];
  here.state["a.mjs#list"] = list;
  here.give(null);
  expect(there.state).toEqual({ "a.mjs#n": 1, "a.mjs#list": [1] });
  (there.state["a.mjs#list"] as number[]).push(2);
  there.state["a.mjs#n"] = 5;
  there.give(null);

  expect(here.state).toEqual({ "a.mjs#n": 5, "a.mjs#list": [1, 2] });
  expect(here.state["a.mjs#list"]).toBe(list);
  expect(here.talk.write("answer")).toEqual({ type: "answer" });
});
