/** 100,000 frames of nonsense against the shim's end of the shim protocol: bytes, frames, handshakes, sealed frames. */
import { expect, it } from "vitest";
import { createSealing } from "../../../src/protocol/sealed-frames.ts";
import { parseRelayMessage, PROTOCOL_VERSION } from "../../../src/protocol/shim-messages.ts";
import { createHandshake } from "../../../src/shim/node/handshake.ts";
import { createFrameReader, type Frame, FrameError } from "../../../src/shim/node/websocket-frames.ts";
import { createRandom, mutate } from "../../fuzz-random.ts";

const SEED = 4;
const facts = { instance: "i", functionName: "f", buildId: "b", runtime: "n", taskRoot: "/t", epoch: 1, paused: false };
const challenge = { type: "challenge", protocolVersion: PROTOCOL_VERSION, nonce: "aa" } as const;
const messages = [
  challenge,
  { type: "welcome", mac: "00" },
  { type: "ready" },
  { type: "cdp", payloads: [{ id: 1, method: "Debugger.enable", params: {} }] },
  { type: "unwanted", ids: [1] },
  { type: "stop-budget", remaining: 3 },
  { type: "detach" },
];
const types = new Set(messages.map(({ type }) => type));

it("reads 40,000 chunks of bytes as frames within the limit, or as a breach of the protocol", () => {
  const random = createRandom(SEED);
  const maxBytes = 4096;
  let frames = 0;
  let breaches = 0;
  const crashes: unknown[] = [];
  const count = ({ payload }: Frame): void => {
    frames += 1;
    expect(payload.length).toBeLessThanOrEqual(maxBytes);
  };
  let read = createFrameReader(maxBytes, count);
  for (let turn = 0; turn < 40_000; turn++) {
    // Half of them begin as a right frame does.
    const length = random.below(100);
    const head = random.below(2) === 0 ? [0x80 | random.pick([0, 1, 2, 8, 9, 10]), length] : [];
    try {
      read(Buffer.concat([Buffer.from(head), random.bytes(length)]));
    } catch (error) {
      if (!(error instanceof FrameError)) crashes.push(error);
      breaches += 1;
      read = createFrameReader(maxBytes, count);
    }
  }
  expect(crashes).toEqual([]);
  expect(frames).toBeGreaterThan(1000);
  expect(breaches).toBeGreaterThan(1000);
});

it("takes none of 40,000 handshakes for its relay's, and obeys only messages of the protocol", () => {
  const random = createRandom(SEED);
  let answered = 0;
  for (let turn = 0; turn < 20_000; turn++) {
    const take = createHandshake(random.pick(["secret", "sealed:secret"]), () => facts);
    for (const message of [
      mutate(random, challenge),
      random.pick(messages),
      mutate(random, { type: "welcome", mac: "0" }),
    ]) {
      const parsed = parseRelayMessage(JSON.stringify(message) ?? "");
      if (!parsed.ok) break;
      expect(types).toContain(parsed.value.type);
      const step = take(parsed.value);
      expect(step.kind).not.toBe("verified");
      if (step.kind === "answer") answered += 1;
      if (step.kind === "failed") break;
    }
  }
  expect(answered).toBeGreaterThan(100);
});

it("opens none of 20,000 sealed frames that are not the peer's next one", () => {
  const random = createRandom(SEED);
  const keys = { secret: "sealed:s", relayNonce: "r", shimNonce: "s" };
  const shim = createSealing({ ...keys, side: "shim" });
  const relay = createSealing({ ...keys, side: "relay" });
  const other = createSealing({ ...keys, relayNonce: "another", side: "relay" });
  const earlier = [relay.seal(Buffer.from("first")), relay.seal(Buffer.from("second"))];
  for (const frame of earlier) expect(shim.open(frame)).toBeDefined();
  for (let turn = 0; turn < 5000; turn++) {
    const message = random.bytes(random.below(40));
    const next = relay.seal(message);
    const bent = Buffer.from(next);
    const at = random.below(bent.length);
    bent[at] = (bent[at] ?? 0) ^ (1 << random.below(8));
    const wrong = [
      bent,
      next.subarray(0, random.below(next.length)),
      random.pick(earlier),
      shim.seal(message),
      other.seal(message),
    ];
    for (const frame of wrong) expect(shim.open(frame)).toBeUndefined();
    expect(shim.open(next)).toEqual(message);
    expect(shim.open(next)).toBeUndefined();
  }
});
