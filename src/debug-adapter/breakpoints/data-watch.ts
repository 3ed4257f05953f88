/**
 * Data breakpoints: V8 has none, so the watched property becomes an accessor that pauses, in the function, and a data
 * property with the value of then when it is no longer watched.
 */
import type { DebugProtocol } from "@vscode/debugprotocol";

export type AccessType = DebugProtocol.DataBreakpointAccessType;

/** Where the function keeps what undoes each watch. The shim undoes what is left when the debugger goes. */
const WATCHES = `globalThis[Symbol.for("faasify.watches")]`;

/** Frames of the accessors; the one that pauses has the breakpoint's id in its name. */
const FRAME = /^faasifyWatch/;
const HIT_FRAME = /^faasifyWatchHit(\d+)$/;

/** Why `this[name]` cannot be watched, or `this`. */
export const CHECK_WATCHABLE = `function (name) {
  const own = Reflect.getOwnPropertyDescriptor(this, name);
  if (!own) return "it is no property of the object itself";
  return own.configurable ? this : "it cannot be redefined";
}`;

export interface Watch {
  readonly id: number;
  readonly accessType: AccessType;
  /** An expression of `value` and `oldValue`; the empty one always holds. */
  readonly condition: string;
  /** As {@link countExpression} makes it; the empty one counts nothing. */
  readonly hits: string;
}

/** For `Runtime.callFunctionOn` the object, with the property's name. Answers false where it cannot be watched any more. */
export function watchFunction({ id, accessType, condition, hits }: Watch): string {
  const test = [condition, hits].filter((part) => part !== "").map((part) => `(${part})`);
  return `function (name) {
  const target = this;
  const own = Reflect.getOwnPropertyDescriptor(target, name);
  if (!own?.configurable) return false;
  const isData = "value" in own;
  let current = own.value;
  const hit = { faasifyWatchHit${id}() { debugger; } };
  const isWanted = (value, oldValue) => { try { return ${test.join(" && ") || "true"}; } catch { return false; } };
  const get = { faasifyWatch${id}() {
    const value = isData ? current : own.get && Reflect.apply(own.get, this, []);
    if (${accessType !== "write"} && isWanted(value, value)) hit.faasifyWatchHit${id}();
    return value;
  } }.faasifyWatch${id};
  const set = { faasifyWatch${id}(value) {
    if (isData && this !== target) {
      // An object that inherits from this one gets a property of its own.
      Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true });
      return;
    }
    const oldValue = current;
    if (isData) current = value;
    else Reflect.apply(own.set, this, [value]);
    if (${accessType !== "read"} && isWanted(value, oldValue)) hit.faasifyWatchHit${id}();
  } }.faasifyWatch${id};
  const isSettable = isData ? own.writable : own.set;
  const { enumerable } = own;
  Object.defineProperty(target, name, { get, set: isSettable ? set : undefined, enumerable, configurable: true });
  (${WATCHES} ??= new Map()).set(${id}, () => {
    const now = Reflect.getOwnPropertyDescriptor(target, name);
    if (now?.get === get && now.configurable) Object.defineProperty(target, name, isData ? { ...own, value: current } : own);
  });
  return true;
}`;
}

/** To be evaluated in the function: makes the property what it was, with its value of now. */
export function unwatchExpression(id: number): string {
  return `${WATCHES}?.get(${id})?.(), ${WATCHES}?.delete(${id})`;
}

interface Frame {
  readonly functionName: string;
}

/** Without the accessors' own frames at its top: the user's code comes first. */
export function withoutWatchFrames<F extends Frame>(frames: readonly F[]): readonly F[] {
  return frames.slice(
    Math.max(
      0,
      frames.findIndex(({ functionName }) => !FRAME.test(functionName)),
    ),
  );
}

export function isWatchFrame(frame: Frame | undefined): boolean {
  return frame !== undefined && FRAME.test(frame.functionName);
}

/** The data breakpoint that a pause is at. */
export function hitWatch(frames: readonly Frame[]): number | undefined {
  const id = HIT_FRAME.exec(frames[0]?.functionName ?? "")?.[1];
  return id === undefined ? undefined : Number(id);
}
