import { inspect } from "node:util";
import { expect, it } from "vitest";
import { ValueNotPortable } from "../../../../src/protocol/values/errors.ts";
import { converse } from "./conversation.ts";

class Stop extends RangeError {
  readonly at: { n: number };
  readonly #secret = "kept";

  constructor(n: number) {
    super(`stop at ${n}`);
    this.at = { n };
  }

  tell(): string {
    return `${this.#secret} ${this.at.n}`;
  }

  get half(): number {
    return this.at.n / 2;
  }
}
Object.defineProperty(Stop.prototype, "name", { value: "Stop", configurable: true, writable: true });

class Point {
  x = 1;
}

function refuse(path: string, what: string): never {
  throw new Error(`refused: ${path} is ${what}`);
}

it("an error of a class that only the caller has arrives with all that it holds, and comes back as itself", () => {
  const { here, there } = converse(refuse);
  const own = new Stop(4);
  const theirs = here.give(own) as Stop & { seen?: boolean };

  expect([theirs instanceof RangeError, theirs.name, theirs.message, theirs.at, theirs.constructor.name]).toEqual([
    true,
    "Stop",
    "stop at 4",
    { n: 4 },
    "Stop",
  ]);
  expect(inspect(theirs)).toContain("Stop: stop at 4");
  theirs.seen = true;
  theirs.at.n = 6;
  expect(there.give(theirs)).toBe(own);
  expect(own).toMatchObject({ seen: true, half: 3 });
  expect(own.tell()).toBe("kept 6");
});

it("what its class would do is refused when somebody asks for it", () => {
  const theirs = converse(refuse).here.give(new Stop(1)) as Stop;

  expect(() => theirs.tell()).toThrow("refused: error.tell is defined by Stop, a class of the caller's");
  expect(() => theirs.half).toThrow("refused: error.half");
  expect(() => (theirs.constructor as () => void)()).toThrow("refused: new Stop");
  expect("somethingElse" in theirs).toBe(false);
});

it("the other way round it is refused, as are instances of other classes", () => {
  const { here, there } = converse(refuse);

  expect(() => there.give(new Stop(1))).toThrow(ValueNotPortable);
  expect(() => here.give(new Point())).toThrow(ValueNotPortable);
});
