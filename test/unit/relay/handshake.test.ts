import { EventEmitter } from "node:events";
import { createHmac } from "node:crypto";
import { expect, it } from "vitest";

import type { FrameSocket } from "../../../src/debug-adapter/relay/frame-socket.ts";
import { shakeHands } from "../../../src/debug-adapter/relay/handshake.ts";
import { CLOSE_UNAUTHORIZED, PROTOCOL_VERSION } from "../../../src/protocol/shim-messages.ts";

const hello = {
  type: "hello",
  protocolVersion: PROTOCOL_VERSION,
  instance: "i",
  functionName: "f",
  buildId: "b",
  runtime: "nodejs24",
  taskRoot: "/var/task",
  epoch: 1,
  paused: false,
};

it("welcomes a shim that knows the secret, with a proof over both nonces", () => {
  const { socket, sent, outcome } = start("secret");
  const relayNonce = String(sent[0]?.["nonce"]);

  socket.emit(
    "message",
    Buffer.from(JSON.stringify({ ...hello, nonce: "bb", mac: prove("secret", `shim:${relayNonce}:bb`) })),
    false,
  );

  expect(sent[0]).toMatchObject({ type: "challenge", protocolVersion: PROTOCOL_VERSION });
  expect(sent[1]).toEqual({ type: "welcome", mac: prove("secret", `relay:bb:${relayNonce}`) });
  expect(outcome).toEqual(["accepted"]);
});

it("gives the same answer to a wrong secret and to a session that does not exist", () => {
  for (const secret of ["another", undefined]) {
    const { socket, sent, outcome } = start(secret);
    const mac = prove("secret", `shim:${String(sent[0]?.["nonce"])}:bb`);

    socket.emit("message", Buffer.from(JSON.stringify({ ...hello, nonce: "bb", mac })), false);

    expect(sent.slice(1)).toEqual([{ closed: CLOSE_UNAUTHORIZED }]);
    expect(outcome).toEqual(["the shim does not know the session's secret"]);
  }
});

it("listens to nothing after the first frame", () => {
  const { socket, outcome } = start("secret");

  socket.emit("message", Buffer.from("{}"), false);
  socket.emit("message", Buffer.from("{}"), false);

  expect(outcome).toHaveLength(1);
});

function start(secret: string | undefined) {
  const sent: Record<string, unknown>[] = [];
  const outcome: string[] = [];
  const socket = Object.assign(new EventEmitter(), {
    readyState: 1,
    send: (text: string) => sent.push(JSON.parse(text) as Record<string, unknown>),
    close: (code: number) => sent.push({ closed: code }),
    terminate: () => {},
  });
  shakeHands(socket as unknown as FrameSocket, {
    secret,
    handshakeMs: 1000,
    accepted: () => outcome.push("accepted"),
    refused: (problem) => outcome.push(problem),
  });
  return { socket, sent, outcome };
}

function prove(secret: string, text: string): string {
  return createHmac("sha256", secret).update(text).digest("hex");
}
