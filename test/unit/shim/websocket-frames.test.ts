import { describe, expect, it } from "vitest";
import {
  createFrameReader,
  encodeFrame,
  type Frame,
  FrameError,
  opcodes,
} from "../../../src/shim/node/websocket-frames.ts";

describe("writing", () => {
  it("masks the payload and leaves the caller's buffer alone", () => {
    const payload = Buffer.from("Hello");

    const frame = encodeFrame(opcodes.text, payload, Buffer.from([0x37, 0xfa, 0x21, 0x3d]));

    // The example of RFC 6455 §5.7.
    expect(frame.toString("hex")).toBe("818537fa213d7f9f4d5158");
    expect(payload.toString()).toBe("Hello");
  });

  it.each([
    [125, 2],
    [126, 4],
    [65_535, 4],
    [65_536, 10],
  ])("gives %i bytes a header of %i", (bytes, headerBytes) => {
    const frame = encodeFrame(opcodes.binary, Buffer.alloc(bytes, 7), Buffer.alloc(4));

    expect(frame.length).toBe(headerBytes + 4 + bytes);
    expect(unmask(frame)).toEqual({ opcode: opcodes.binary, payload: Buffer.alloc(bytes, 7) });
  });
});

describe("reading", () => {
  it.each([0, 1, 125, 126, 65_535, 65_536, 200_000])("finds a message of %i bytes, however it is cut", (bytes) => {
    const message = serverFrame(opcodes.text, Buffer.alloc(bytes, "x"));
    const stream = Buffer.concat([message, serverFrame(opcodes.ping, Buffer.from("p")), message]);

    for (const pieceBytes of [1, 7, 4096, stream.length]) {
      const frames = readAll(stream, pieceBytes);
      expect(frames.map(({ opcode, payload }) => [opcode, payload.length])).toEqual([
        [opcodes.text, bytes],
        [opcodes.ping, 1],
        [opcodes.text, bytes],
      ]);
    }
  });

  it("joins fragments, and hands over a control frame that comes between them", () => {
    const stream = Buffer.concat([
      serverFrame(opcodes.text, Buffer.from("one "), false),
      serverFrame(opcodes.ping, Buffer.from("!")),
      serverFrame(opcodes.continuation, Buffer.from("two "), false),
      serverFrame(opcodes.continuation, Buffer.from("three")),
    ]);

    expect(readAll(stream, 3).map(({ payload }) => payload.toString())).toEqual(["!", "one two three"]);
  });

  it.each([
    ["a masked frame", encodeFrame(opcodes.text, Buffer.from("x")), 1002],
    ["reserved bits", Buffer.from([0xc1, 0]), 1002],
    ["an unknown opcode", Buffer.from([0x83, 0]), 1002],
    ["an unknown control opcode", Buffer.from([0x8b, 0]), 1002],
    ["a fragmented control frame", Buffer.from([0x09, 0]), 1002],
    ["a long control frame", Buffer.from([0x89, 126, 0, 126]), 1002],
    ["a continuation of nothing", Buffer.from([0x80, 0]), 1002],
    ["a message inside a message", Buffer.from([0x01, 0, 0x81, 0]), 1002],
    ["a frame above the limit, before it is there", Buffer.from([0x82, 127, 0, 0, 0, 0, 0xff, 0, 0, 0]), 1009],
    [
      "fragments above the limit",
      Buffer.concat([
        serverFrame(opcodes.binary, Buffer.alloc(200_000), false),
        serverFrame(opcodes.continuation, Buffer.alloc(200_000)),
      ]),
      1009,
    ],
  ])("refuses %s", (_, stream, closeCode) => {
    expect(() => readAll(stream, 5)).toThrow(FrameError);
    expect(() => readAll(stream, 5)).toThrow(expect.objectContaining({ closeCode }));
  });
});

function readAll(stream: Buffer, pieceBytes: number): Frame[] {
  const frames: Frame[] = [];
  const read = createFrameReader(300_000, (frame) => frames.push(frame));
  for (let at = 0; at < stream.length; at += pieceBytes) read(stream.subarray(at, at + pieceBytes));
  return frames;
}

/** As a server sends it: without a mask. */
function serverFrame(opcode: number, payload: Buffer, final = true): Buffer {
  const frame = encodeFrame(opcode, payload, Buffer.alloc(4));
  const maskAt = frame.length - payload.length - 4;
  frame.writeUInt8((final ? 0x80 : 0) | opcode, 0);
  frame.writeUInt8(frame.readUInt8(1) & 0x7f, 1);
  return Buffer.concat([frame.subarray(0, maskAt), frame.subarray(maskAt + 4)]);
}

function unmask(frame: Buffer): Frame | undefined {
  const clear = Buffer.from(frame);
  const length = frame.readUInt8(1) & 0x7f;
  const maskAt = length < 126 ? 2 : length === 126 ? 4 : 10;
  clear.writeUInt8(length, 1);
  return readAll(Buffer.concat([clear.subarray(0, maskAt), clear.subarray(maskAt + 4)]), frame.length)[0];
}
