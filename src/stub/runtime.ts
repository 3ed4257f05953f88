/**
 * What every file of a decomposed program loads: `.faasify/runtime.cjs`. Small, and nothing else is loaded before the
 * first call.
 */
import { createRequire } from "node:module";
import path from "node:path";
import type { RegisteredNames, StateAccess } from "../protocol/registered-names.ts";
import type * as mainThread from "./main.ts";

const registered: RegisteredNames[] = [];
let remote: ReturnType<typeof mainThread.createRemote> | undefined;

/** Makes known how a file's variables are read and set, and its classes. Asked for at the calls. */
export function names(ofFile: RegisteredNames): void {
  registered.push(ofFile);
}

type CallArguments = [
  key: string,
  args: ArrayLike<unknown>,
  self?: unknown,
  own?: mainThread.OwnCode,
  isHome?: boolean,
  captured?: Readonly<Record<string, StateAccess>>,
];

/**
 * Runs a function where it is deployed; deploys it at the first call.
 *
 * @param key - the function's, in the manifest
 * @param args - all that the stub was called with
 * @param self - `this` of a method
 * @param own - the function's own code: for a call whose values cannot travel
 * @param isHome - false: called with another `this` than the function's unit has; its own code runs
 * @param captured - variables of the code around a nested function, by name
 * @returns what the function returned; a promise for an asynchronous function that waits for something
 * @throws what the function has thrown, or a FaasifyError
 */
export function call(...[key, args, self, own, isHome = true, captured]: CallArguments): unknown {
  if (own && !isHome) return own(...Array.from(args));
  remote ??= load().createRemote(__dirname, registered);
  return remote.call(key, args, { self, own, captured });
}

/**
 * A function that the program has computed, as one that runs where it is deployed. Everything else about it stays: its
 * name, its properties, what `new` makes of it.
 */
export function made<T>(key: string, value: T): T {
  if (typeof value !== "function") return value;
  const hasNoThis = isArrow(value);
  return new Proxy(value, {
    apply: (target, self: unknown, args: unknown[]) =>
      call(key, args, undefined, (...given) => Reflect.apply(target, self, given), hasNoThis || self === undefined),
  });
}

/** By its text. An arrow function has no use for the object that it is called on. */
function isArrow(value: object): boolean {
  return /^(?:\(|(?:async\s+)?[\p{ID_Start}$_][\p{ID_Continue}$]*\s*=>)/u.test(Function.prototype.toString.call(value));
}

function load(): typeof mainThread {
  return createRequire(__filename)(path.join(__dirname, "stub-main.cjs")) as typeof mainThread;
}

/** Compilers that make CommonJS of `import x from` ask for it. */
// oxlint-disable-next-line import/no-default-export -- a compiler's, not ours
export default { names, call, made };
