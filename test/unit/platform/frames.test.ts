import { describe, expect, it } from "vitest";
import {
  decodeInvoke,
  encodeInvoke,
  encodeText,
  FrameDecoder,
  HEADER_BYTES,
  LOG,
  RESULT,
} from "../../../src/platform/frames.ts";

describe("frames", () => {
  it("carry an invocation unchanged", () => {
    const requestId = "0b6f8b0e-6a0c-4d4e-9b0a-0123456789ab";
    const payload = Buffer.from([0, 255, 1, 2]);
    for (const extras of [undefined, { clientContext: '{"ü":1}' }]) {
      const body = encodeInvoke(requestId, 1234.5, payload, extras).subarray(HEADER_BYTES);

      expect(decodeInvoke(body)).toEqual({ requestId, deadlineMs: 1234.5, extras, payload });
    }
  });

  it("arrive whole and in order, however the stream is cut", () => {
    const sent: [number, string][] = [
      [LOG, "a ü"],
      [RESULT, ""],
      [RESULT, "x".repeat(300)],
      [LOG, "end"],
    ];
    const stream = Buffer.concat(sent.map(([type, text]) => encodeText(type, text)));
    for (let size = 1; size <= stream.length; size += 1) {
      const received: [number, string][] = [];
      const decoder = new FrameDecoder((type, body) => received.push([type, body.toString()]));
      for (let offset = 0; offset < stream.length; offset += size) decoder.push(stream.subarray(offset, offset + size));

      expect(received).toEqual(sent);
    }
  });

  it("that announce too much are refused", () => {
    const header = Buffer.alloc(HEADER_BYTES, 0xff);

    expect(() => new FrameDecoder(() => {}).push(header)).toThrow(RangeError);
  });
});
