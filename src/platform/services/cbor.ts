/** CBOR as AWS speaks it (smithy rpc-v2-cbor): timestamps are tag 1 with seconds since the epoch. */
import { decode, encode, Token, Type, type TagDecodeControl } from "cborg";
import { object, type Json } from "./service.ts";

const TIMESTAMP_TAG = 1;

/** @throws if it is no CBOR */
export function parseCbor(body: Buffer): Json {
  if (body.length === 0) return {};
  const tags = { [TIMESTAMP_TAG]: (control: TagDecodeControl) => new Date(Number(control()) * 1000) };
  return object(decode(body, { tags }));
}

export function toCbor(output: Json): Buffer {
  const typeEncoders = {
    Date: (date: Date) => [new Token(Type.tag, TIMESTAMP_TAG), new Token(Type.float, date.getTime() / 1000)],
    undefined: () => null,
  };
  return Buffer.from(encode(output, { typeEncoders, ignoreUndefinedProperties: true }));
}
