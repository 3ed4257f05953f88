import { createHmac } from "node:crypto";
import { expect, it } from "vitest";
import { parseHello, PROTOCOL_VERSION, type RelayMessage } from "../../../src/protocol/shim-messages.ts";
import { createHandshake, type HelloFacts } from "../../../src/shim/node/handshake.ts";

const facts: HelloFacts = {
  instance: "i",
  functionName: "f",
  buildId: "b",
  runtime: "nodejs24",
  taskRoot: "/var/task",
  epoch: 1,
  paused: false,
};
const challenge: RelayMessage = { type: "challenge", protocolVersion: PROTOCOL_VERSION, nonce: "aa" };

it("answers a challenge with a hello of the protocol, then takes the right proof", () => {
  const take = createHandshake("secret", () => facts);

  const step = take(challenge);
  const hello = step.kind === "answer" ? step.hello : undefined;

  expect(parseHello(JSON.stringify(hello))).toMatchObject({ ok: true, value: facts });
  expect(hello?.mac).toBe(prove("secret", `shim:aa:${hello?.nonce}`));
  expect(take(welcome("secret", `relay:${hello?.nonce}:aa`))).toEqual({ kind: "verified" });
});

it.each<[string, (nonce: string, mac: string) => RelayMessage]>([
  ["a proof with another secret", (nonce) => welcome("other", `relay:${nonce}:aa`)],
  ["its own proof sent back", (_, mac) => ({ type: "welcome", mac })],
  ["an empty proof", () => ({ type: "welcome", mac: "" })],
  ["a second challenge", () => challenge],
  ["a command instead of a proof", () => ({ type: "cdp", payloads: [] })],
  ["a detach instead of a proof", () => ({ type: "detach" })],
])("takes nobody for the relay who comes with %s", (_, answer) => {
  const take = createHandshake("secret", () => facts);

  const step = take(challenge);
  const { nonce, mac } = step.kind === "answer" ? step.hello : { nonce: "", mac: "" };

  expect(take(answer(nonce, mac))).toEqual({ kind: "failed" });
});

it("takes no proof before it was challenged", () => {
  const take = createHandshake("secret", () => facts);

  expect(take(welcome("secret", "relay::"))).toEqual({ kind: "failed" });
});

it("uses a nonce once", () => {
  const nonces = [1, 2].map(() => {
    const step = createHandshake("secret", () => facts)(challenge);
    return step.kind === "answer" ? step.hello.nonce : undefined;
  });

  expect(nonces[0]).toMatch(/^[0-9a-f]{32}$/);
  expect(nonces[0]).not.toBe(nonces[1]);
});

function welcome(secret: string, text: string): RelayMessage {
  return { type: "welcome", mac: prove(secret, text) };
}

function prove(secret: string, text: string): string {
  return createHmac("sha256", secret).update(text).digest("hex");
}
