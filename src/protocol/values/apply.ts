/** Makes the changes of an answer to the caller's own objects: all of them, or none. */
import { fromBase64 } from "./base64.ts";
import { bufferKind } from "./binary-kinds.ts";
import type { CodecOptions } from "./contract.ts";
import { asArray, asRecord, type Decoder, writeBytes } from "./decode.ts";
import { EncodedValueBroken, withArticle } from "./errors.ts";
import type { Kind } from "./kinds.ts";
import {
  canDelete,
  firstReason,
  type Key,
  type Property,
  replaceProperties,
  setProperty,
  whyNotLength,
  whyNotReplace,
} from "./properties.ts";
import { getPrototypeOf, hiddenFieldsOf, kindOf } from "./shape.ts";
import type { WireChange } from "./wire.ts";

/** A change that was decoded and can be made. */
export interface Plan {
  readonly target: object;
  readonly kind: Kind;
  readonly properties: readonly Property[];
  readonly rebuild: boolean;
  readonly deleted: readonly Key[];
  readonly data: readonly unknown[] | undefined;
  readonly spans: readonly unknown[];
  readonly hidden: Readonly<Record<string, unknown>> | undefined;
  /** Undefined: stays. */
  readonly prototype: object | null | undefined;
  readonly seal: boolean;
}

/** @throws EncodedValueBroken if the change is none, or if its object cannot take it; nothing was changed then */
export function planChange(decoder: Decoder, target: object, wire: unknown): Plan {
  const change = asRecord(wire, "a change") as WireChange;
  const kind = kindOf(target);
  const plan: Plan = {
    target,
    kind,
    properties: decoder.properties(change),
    rebuild: change.r === 1,
    deleted: asArray(change.d ?? [], "deleted keys").map((key) => decoder.key(key)),
    data: change.v && asArray(change.v, "data").map((value) => decoder.value(value)),
    spans: asArray(change.b ?? [], "bytes"),
    hidden: change.h && decoder.hidden(change.h),
    prototype: change.p === undefined ? undefined : decoder.prototype(change.p, kind),
    seal: change.x === 1,
  };
  const why = whyNot(plan);
  if (why !== undefined) throw new EncodedValueBroken(`an object of the call cannot be changed any more: ${why}`);
  return plan;
}

function whyNot(plan: Plan): string | undefined {
  const { target, kind, properties, rebuild, deleted, data, prototype } = plan;
  if (prototype !== undefined && prototype !== getPrototypeOf(target) && !Object.isExtensible(target)) {
    return "it is not extensible";
  }
  const stuck = deleted.find((key) => !canDelete(target, key));
  if (stuck !== undefined) return `its property ${String(stuck)} cannot be deleted`;
  return (
    (data && whyNotData(target, kind, data)) ??
    whyNotBytes(plan) ??
    (rebuild ? whyNotReplace(target, kind, properties) : firstReason(target, properties))
  );
}

function whyNotData(target: object, kind: Kind, data: readonly unknown[]): string | undefined {
  if (!kind.write) return `it is ${withArticle(kind.name)}`;
  // Throws for data that is none of this kind.
  if (!kind.late) kind.make(data);
  return whyNotLength(target, kind, data[0]);
}

function whyNotBytes({ target, kind, spans }: Plan): string | undefined {
  if (spans.length === 0) return undefined;
  if (kind !== bufferKind) return `it is ${withArticle(kind.name)}`;
  const { byteLength } = target as ArrayBuffer;
  for (let index = 0; index < spans.length; index += 2) {
    const [offset, text] = [spans[index], spans[index + 1]];
    if (typeof offset !== "number" || typeof text !== "string") throw new EncodedValueBroken("bytes");
    if (!(offset >= 0 && offset + fromBase64(text).length <= byteLength)) return "its bytes are gone";
  }
  return undefined;
}

/** Cannot fail after {@link planChange}, but for what hidden fields' own code does. */
export function applyChange(plan: Plan, options: CodecOptions): void {
  const { target, kind, properties, deleted, data, spans, hidden, prototype } = plan;
  if (prototype !== undefined && prototype !== getPrototypeOf(target)) Object.setPrototypeOf(target, prototype);
  if (data) kind.write?.(target, data);
  writeBytes(target as ArrayBuffer, spans);
  if (hidden) hiddenFieldsOf(getPrototypeOf(target), options.classes)?.write(target, hidden);
  for (const key of deleted) Reflect.deleteProperty(target, key);
  if (plan.rebuild) replaceProperties(target, kind, properties);
  else for (const property of properties) setProperty(target, property);
  if (plan.seal) Object.preventExtensions(target);
}
