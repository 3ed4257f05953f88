/** Buffers and the views on them. Several views on one buffer stay that. */
import { isIndex, type Kind } from "./kinds.ts";

type View = ArrayBufferView;

function getter(prototype: object, name: string | symbol): (object: object) => unknown {
  const get = Reflect.get(Object.getOwnPropertyDescriptor(prototype, name) ?? {}, "get") as (this: unknown) => unknown;
  return (object) => get.call(object);
}

const byteLength = getter(ArrayBuffer.prototype, "byteLength");

/** Its data is its length: bytes travel beside, and of a pool only the ranges that views show. */
export const bufferKind: Kind = {
  name: "ArrayBuffer",
  prototype: ArrayBuffer.prototype,
  is: (object) => {
    try {
      byteLength(object);
      return true;
    } catch {
      return false;
    }
  },
  read: (buffer) => [byteLength(buffer)],
  make: ([length]) => new ArrayBuffer(length as number),
};

const typedArrayPrototype = Object.getPrototypeOf(Uint8Array.prototype) as object;
const typedArrayName = getter(typedArrayPrototype, Symbol.toStringTag);
const typedArray = {
  buffer: getter(typedArrayPrototype, "buffer"),
  byteOffset: getter(typedArrayPrototype, "byteOffset"),
  length: getter(typedArrayPrototype, "length"),
};

type TypedArrayConstructor = new (buffer: ArrayBuffer, offset: number, length: number) => View;

function typedArrayKind(name: string, constructor: TypedArrayConstructor): Kind {
  return {
    name,
    prototype: constructor.prototype as object,
    is: (object) => typedArrayName(object) === name,
    read: (view) => [typedArray.buffer(view), typedArray.byteOffset(view), typedArray.length(view)],
    make: ([buffer, offset, length]) => new constructor(...checkedView(buffer, offset, length)),
    step: (index) => (index === 0 ? ".buffer" : ""),
    isData: (_, key) => isIndex(key),
  };
}

const dataView = {
  buffer: getter(DataView.prototype, "buffer"),
  byteOffset: getter(DataView.prototype, "byteOffset"),
  byteLength: getter(DataView.prototype, "byteLength"),
};
const dataViewKind: Kind = {
  name: "DataView",
  prototype: DataView.prototype,
  is: (object) => {
    try {
      dataView.buffer(object);
      return true;
    } catch {
      return false;
    }
  },
  read: (view) => [dataView.buffer(view), dataView.byteOffset(view), dataView.byteLength(view)],
  make: ([buffer, offset, length]) => new DataView(...checkedView(buffer, offset, length)),
  step: (index) => (index === 0 ? ".buffer" : ""),
};

function checkedView(buffer: unknown, offset: unknown, length: unknown): [ArrayBuffer, number, number] {
  if (!(buffer instanceof ArrayBuffer)) throw new Error("a view on something that is no buffer");
  return [buffer, offset as number, length as number];
}

const typedArrayNames =
  "Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array Float16Array Float32Array " +
  "Float64Array BigInt64Array BigUint64Array";

export const binaryKinds: readonly Kind[] = [
  bufferKind,
  dataViewKind,
  ...typedArrayNames.split(" ").flatMap((name) => {
    const found = (globalThis as unknown as Record<string, TypedArrayConstructor | undefined>)[name];
    return found ? [typedArrayKind(name, found)] : [];
  }),
];

export function isView(object: object): object is View {
  return ArrayBuffer.isView(object);
}

/** Where a view's own bytes lie: in a pool, only those may travel. */
export function rangeOf(view: View): readonly [start: number, end: number] {
  return [view.byteOffset, view.byteOffset + view.byteLength];
}

/** What is wrong with a buffer, if anything is: its views could not be made again. */
export function whyNotBuffer(buffer: ArrayBufferLike): string | undefined {
  const { detached, resizable } = buffer as { readonly detached?: boolean; readonly resizable?: boolean };
  if (!(buffer instanceof ArrayBuffer)) return "a SharedArrayBuffer";
  if (detached === true) return "a detached ArrayBuffer";
  return resizable === true ? "a resizable ArrayBuffer" : undefined;
}
