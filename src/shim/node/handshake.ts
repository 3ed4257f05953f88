/** The shim's side of the mutual proof in shim-messages.ts. */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { createSealing, type Sealing } from "../../protocol/sealed-frames.ts";
import { isSealed } from "../../protocol/sealed-secret.ts";
import {
  type Hello,
  type HelloFacts as Facts,
  PROTOCOL_VERSION,
  type RelayMessage,
  type SealedHello,
} from "../../protocol/shim-messages.ts";

/** What `hello` says besides the proof. */
export type HelloFacts = Facts & Pick<Hello, "instance">;

export type HandshakeStep =
  /** `sealing`: of all frames that follow the welcome. */
  | { readonly kind: "answer"; readonly hello: Hello | SealedHello; readonly sealing?: Sealing }
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
      const { instance, ...facts } = describe();
      const proof = { type: "hello", protocolVersion: PROTOCOL_VERSION, instance, nonce, mac } as const;
      if (!isSealed(secret)) return { kind: "answer", hello: { ...proof, ...facts } };
      const sealing = createSealing({ secret, relayNonce, shimNonce: nonce, side: "shim" });
      const sealed = sealing.seal(Buffer.from(JSON.stringify(facts))).toString("base64");
      return { kind: "answer", hello: { ...proof, sealed }, sealing };
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
