/** Two ends of a conversation in one process: every message goes through JSON. */
import type { Message, Outcome, Request, Settlement } from "../../../../src/protocol/live/contract.ts";
import { withForeignErrors, withStandInErrors } from "../../../../src/protocol/live/foreign-errors.ts";
import { References } from "../../../../src/protocol/live/references.ts";
import { Talk } from "../../../../src/protocol/live/talk.ts";
import type { ClassTable } from "../../../../src/protocol/values/contract.ts";

export interface End {
  readonly talk: Talk;
  readonly references: References;
  readonly state: Record<string, unknown>;
  /** What the other end makes of a value of this one. */
  give(value: unknown): unknown;
}

const noClasses: ClassTable = { idOf: () => undefined, find: () => undefined };

/** @param refuse - what the function's end does where its code asks too much of an error of the caller's */
export function converse(refuse?: (path: string, what: string) => never): { readonly here: End; readonly there: End } {
  const ends: { here?: End; there?: End } = {};
  const here = endOf(() => ends.there, refuse ? withForeignErrors(noClasses) : noClasses);
  const there = endOf(() => ends.here, refuse ? withStandInErrors(noClasses, refuse) : noClasses);
  Object.assign(ends, { here, there });
  return { here, there };
}

function endOf(other: () => End | undefined, classes: ClassTable): End {
  const state: Record<string, unknown> = {};
  const theOther = (): End => {
    const end = other();
    if (!end) throw new Error("too early");
    return end;
  };
  const ask = (request: Request): Outcome => {
    const there = theOther();
    const received = there.talk.read(overTheWire(talk.write("call", { request })));
    if (!received.request) throw new Error("no request arrived");
    const outcome = there.references.perform(received.request);
    const answer = talk.read(overTheWire(there.talk.write("answer", { outcome }))).outcome;
    if (!answer) throw new Error("no outcome arrived");
    return answer;
  };
  const settled = (settlement: Settlement): void => {
    talk.addSettlement(settlement);
    theOther().talk.read(overTheWire(talk.write("idle")));
  };
  const references = new References({ ask, settled, released: () => undefined }, { classes });
  const talk = new Talk({
    classes,
    references,
    state: {
      read: () => ({ ...state }),
      write: (id, value) => {
        state[id] = value;
      },
    },
  });
  return {
    talk,
    references,
    state,
    give: (value) =>
      theOther().talk.read(overTheWire(talk.write("answer", { outcome: { ok: true, value } }))).outcome?.value,
  };
}

function overTheWire(message: Message): Message {
  return JSON.parse(JSON.stringify(message)) as Message;
}
