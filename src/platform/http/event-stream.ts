/** The event stream encoding of AWS: https://smithy.io/2.0/aws/amazon-eventstream.html */
import { crc32 } from "node:zlib";

const PRELUDE_BYTES = 12;
const CRC_BYTES = 4;
const STRING_TYPE = 7;

/** One message of type `event`. */
export function encodeEvent(eventType: string, contentType: string, payload: Buffer): Buffer {
  const headers = Buffer.concat([
    header(":message-type", "event"),
    header(":event-type", eventType),
    header(":content-type", contentType),
  ]);
  const message = Buffer.alloc(PRELUDE_BYTES + headers.length + payload.length + CRC_BYTES);
  message.writeUInt32BE(message.length, 0);
  message.writeUInt32BE(headers.length, 4);
  message.writeUInt32BE(crc32(message.subarray(0, 8)), 8);
  message.set(headers, PRELUDE_BYTES);
  message.set(payload, PRELUDE_BYTES + headers.length);
  const end = message.length - CRC_BYTES;
  message.writeUInt32BE(crc32(message.subarray(0, end)), end);
  return message;
}

function header(name: string, value: string): Buffer {
  const length = Buffer.byteLength(value);
  const bytes = Buffer.alloc(1 + name.length + 1 + 2 + length);
  bytes[0] = name.length;
  bytes.write(name, 1, "latin1");
  bytes[1 + name.length] = STRING_TYPE;
  bytes.writeUInt16BE(length, 2 + name.length);
  bytes.write(value, 4 + name.length);
  return bytes;
}
