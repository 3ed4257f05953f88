/** The shim's side of the mutual proof in shim-messages.ts. */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { type Hello, PROTOCOL_VERSION, type RelayMessage } from "../../protocol/shim-messages.ts";

/** What `hello` says besides the proof. */
export type HelloFacts = Omit<Hello, "type" | "protocolVersion" | "nonce" | "mac">;

export type HandshakeStep =
  | { readonly kind: "answer"; readonly hello: Hello }
  | { readonly kind: "verified" }
  /** The peer is not our relay. */
  | { readonly kind: "failed" };

/** Takes the peer's messages until it has proven itself, or has failed to. One per dial. */
export function createHandshake(secret: string, describe: () => HelloFacts): (message: RelayMessage) => HandshakeStep {
  const nonce = randomBytes(16).toString("hex");
  const prove = (text: string): string => createHmac("sha256", secret).update(text).digest("hex");
  let relayNonce: string | undefined;
  return (message) => {
    if (message.type === "challenge" && relayNonce === undefined) {
      relayNonce = message.nonce;
      const mac = prove(`shim:${relayNonce}:${nonce}`);
      return {
        kind: "answer",
        hello: { type: "hello", protocolVersion: PROTOCOL_VERSION, ...describe(), nonce, mac },
      };
    }
    const isWelcome = message.type === "welcome" && relayNonce !== undefined;
    return isWelcome && equal(message.mac, prove(`relay:${nonce}:${relayNonce}`))
      ? { kind: "verified" }
      : { kind: "failed" };
  };
}

function equal(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
