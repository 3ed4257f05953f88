/** Classes of a program that was not decomposed: known by what the engine says of the values that are seen. */
import type { ClassTable, TravellingClass } from "../protocol/values/contract.ts";
import { capturedValue, inspectFunction, type InspectedFunction } from "./inspect-function.ts";
import type { BuiltUnit } from "./unit-request.ts";

/** @param scopes - of the function: where a class is found that only its result has */
export function classesOf(unit: BuiltUnit, scopes: InspectedFunction["scopes"]): ClassTable {
  const ids = new Map<object, string | undefined>();
  const prototypes = new Map<string, object>();
  const learn = (prototype: object): string | undefined => {
    if (!ids.has(prototype)) ids.set(prototype, idOf(unit, prototype));
    const id = ids.get(prototype);
    if (id !== undefined) prototypes.set(id, prototype);
    return id;
  };
  const find = (id: string): TravellingClass | undefined => {
    const name = unit.classes.find((one) => one.id === id)?.name;
    const value = name === undefined ? undefined : capturedValue(scopes, name)?.value;
    if (!prototypes.has(id) && typeof value === "function") learn(value.prototype as object);
    const prototype = prototypes.get(id);
    return prototype && { prototype };
  };
  return { idOf: learn, find };
}

/** A class travels with all that it extends, or not at all. */
function idOf(unit: BuiltUnit, prototype: object): string | undefined {
  const constructor: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  if (typeof constructor !== "function" || isNative(constructor)) return undefined;
  const parent: unknown = Object.getPrototypeOf(prototype);
  if (isOwn(parent) && idOf(unit, parent) === undefined) return undefined;
  const { file } = inspectFunction(constructor as (...args: never[]) => unknown);
  return unit.classes.find((one) => one.file === file && one.name === constructor.name)?.id;
}

/** A prototype that is none of the language's. */
function isOwn(prototype: unknown): prototype is object {
  if (typeof prototype !== "object" || prototype === null) return false;
  const constructor: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  return typeof constructor === "function" && !isNative(constructor);
}

function isNative(constructor: object): boolean {
  return Function.prototype.toString.call(constructor).endsWith("{ [native code] }");
}
