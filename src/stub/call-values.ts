/** What a call takes along from the program, and what an answer changes in it. */
import { FaasifyError } from "../core/errors.ts";
import type { FaasifyAnswer, OutputPiece } from "../protocol/invocation-event.ts";
import { namedClass, RegisteredClasses, type RegisteredNames, type StateAccess } from "../protocol/registered-names.ts";
import { decodeAnswer, encodeCall } from "../protocol/values/codec.ts";
import type { StateSide } from "../protocol/live/contract.ts";
import type { ClassTable, Encoded, ReferenceTable, SentCall } from "../protocol/values/contract.ts";
import { EncodedValueBroken, ValueNotPortable } from "../protocol/values/errors.ts";
import type { RemoteFunction } from "./manifest.ts";

export interface Prepared {
  readonly encoded: Encoded;
  readonly sent: SentCall;
}

export interface Received {
  /** Oldest first. */
  readonly output: readonly OutputPiece[];
  /** The version of Node that may have worded the error. */
  readonly engine: string | undefined;
  /**
   * Changes the program's objects and variables as the function did, and gives what it returned or threw.
   *
   * @throws FaasifyError `value-not-portable` before anything was changed
   */
  open(): { readonly value: unknown; readonly isError: boolean; readonly isPromise: boolean };
}

export interface CallValues {
  /**
   * @param references - what becomes of what cannot be copied; absent: it cannot travel
   * @throws FaasifyError `value-not-portable`
   */
  encode(call: Sending, references?: ReferenceTable): Prepared;
  /** The program's classes that the function knows, and its variables that travel. */
  sidesOf(call: Sending): { readonly classes: ClassTable; readonly state: StateSide };
  /** @throws FaasifyError `protocol-mismatch` */
  decode(key: string, remote: RemoteFunction, exchange: Exchange): Received;
}

/** Variables of the code around a nested function, by name. */
type CapturedAccesses = Readonly<Record<string, StateAccess>>;

export interface Sending {
  readonly key: string;
  readonly remote: RemoteFunction;
  readonly values: CalledWith;
}

interface CalledWith {
  readonly args: readonly unknown[];
  readonly self?: unknown;
  readonly captured?: CapturedAccesses;
}

interface Exchange {
  readonly captured?: CapturedAccesses | undefined;
  readonly prepared: Prepared;
  readonly answer: unknown;
}

export function createCallValues(registered: readonly RegisteredNames[]): CallValues {
  const classes = new RegisteredClasses();
  const accesses = new Map<string, StateAccess>();
  let known = 0;
  const learn = (): void => {
    for (; known < registered.length; known += 1) {
      const names = registered[known];
      if (!names) continue;
      classes.add(names.classes);
      for (const [id, access] of Object.entries(names.state)) accesses.set(id, access);
    }
  };
  return {
    encode: ({ key, remote, values: { captured = {}, ...values } }, references) => {
      const { state, captured: around = [], classes: ids } = remote;
      learn();
      const known = classesOf(classes, ids);
      const travelling = Object.fromEntries([
        ...state.map((id) => [id, accessTo(accesses, key, id).get()] as const),
        ...around.map(({ id, name }) => [id, capturedValue(key, name, captured[name])] as const),
      ]);
      const hasState = state.length + around.length > 0;
      const options = { classes: known, ...(references && { references }) };
      try {
        const sent = encodeCall({ ...values, ...(hasState && { state: travelling }) }, options);
        return { encoded: sent.encoded, sent };
      } catch (error) {
        throw error instanceof ValueNotPortable ? notPortable(key, error) : error;
      }
    },
    sidesOf: (call) => {
      learn();
      const state = stateOf(call, (id) => accessTo(accesses, call.key, id));
      return { classes: classesOf(classes, call.remote.classes), state };
    },
    decode: (key, { captured: around = [], classes: ids }, { prepared: { sent }, answer, captured = {} }) => {
      learn();
      const known = classesOf(classes, ids);
      if (!isAnswer(answer)) throw noAnswer(key, answer);
      return {
        output: answer.output ?? [],
        engine: answer.engine,
        open: () => {
          const isError = "error" in answer;
          const isPromise = answer.promise === true;
          const encoded = isError ? answer.error : answer.result;
          if (!isError && !("result" in answer)) return { value: undefined, isError, isPromise };
          const { value, state = {} } = readAnswer(key, () => decodeAnswer(encoded, sent, { classes: known }));
          const locals = new Map(around.map(({ id, name }) => [id, captured[name]]));
          for (const [id, changed] of Object.entries(state)) {
            const access = locals.has(id) ? locals.get(id) : accessTo(accesses, key, id);
            access?.set?.(changed);
          }
          return { value, isError, isPromise };
        },
      };
    },
  };
}

/** The variables that travel, of the function's own call where they are those of the code around it. */
function stateOf(
  { remote: { state, captured: around = [] }, values: { captured = {} } }: Sending,
  accessTo: (id: string) => StateAccess,
): StateSide {
  const accessOf = (id: string): StateAccess | undefined => {
    const local = around.find((one) => one.id === id);
    return local ? captured[local.name] : accessTo(id);
  };
  const ids = [...state, ...around.map(({ id }) => id)];
  return {
    read: () => Object.fromEntries(ids.flatMap((id) => valueOf(id, accessOf(id)))),
    write: (id, value) => accessOf(id)?.set?.(value),
  };
}

/** Of a variable that is no constant. */
function valueOf(id: string, access: StateAccess | undefined): [string, unknown][] {
  return access?.set ? [[id, access.get()]] : [];
}

/** Of the program's classes those that the function's unit has as well: instances of others cannot be made there. */
function classesOf(all: RegisteredClasses, ids: readonly string[]): ClassTable {
  const known = new Set(ids);
  return {
    idOf: (prototype) => {
      const id = all.idOf(prototype);
      return id !== undefined && known.has(namedClass(id)) ? id : undefined;
    },
    find: (id) => (known.has(namedClass(id)) ? all.find(id) : undefined),
  };
}

function readAnswer<T>(key: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof EncodedValueBroken)) throw cause;
    throw new FaasifyError("value-not-portable", `${key} gave an answer that cannot be used here: ${cause.message}`, {
      remedy: "Keep the function here: faasify decompose --functions",
      cause,
    });
  }
}

function accessTo(accesses: ReadonlyMap<string, StateAccess>, key: string, id: string): StateAccess {
  const access = accesses.get(id);
  if (access) return access;
  throw new FaasifyError("value-not-portable", `${key} was called before the file of ${id} was loaded`, {
    remedy: "Call it later, or keep it here: faasify decompose --functions",
  });
}

/** A variable that has no value yet stands in the way of the call, though the function may not even ask for it. */
function capturedValue(key: string, name: string, access: StateAccess | undefined): unknown {
  try {
    return access?.get();
  } catch (cause) {
    throw new FaasifyError("value-not-portable", `${key} was called before ${name} had its value`, {
      remedy: "Call it later, or keep it here: faasify decompose --functions",
      cause,
    });
  }
}

function isAnswer(answer: unknown): answer is FaasifyAnswer {
  return typeof answer === "object" && answer !== null && "faasify" in answer && answer.faasify === 1;
}

function notPortable(key: string, { path, what }: ValueNotPortable): FaasifyError {
  return new FaasifyError("value-not-portable", `${key} cannot be called with ${path}, which is ${what}`, {
    remedy: "Pass something that can be copied, or keep the function here: faasify decompose --functions",
  });
}

function noAnswer(key: string, answer: unknown): FaasifyError {
  const text = (JSON.stringify(answer) ?? "nothing").slice(0, 80);
  return new FaasifyError("protocol-mismatch", `${key} answered something that is no answer: ${text}`, {
    remedy: "Run faasify decompose again",
  });
}
