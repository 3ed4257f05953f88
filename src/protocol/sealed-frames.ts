/**
 * End-to-end encryption between the shim and the debug adapter, for lines that lead through somebody else: a tunnel that
 * ends TLS, a standalone relay.
 *
 * Both nonces of the handshake and the session's secret give a key per connection and direction (HKDF-SHA-256). Each
 * frame is AES-256-GCM with a counter as its nonce, which is not sent: frames that are replayed, left out, reordered or
 * changed do not open. What is inside begins with one byte that says whether it is deflated.
 */
import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";

export type Direction = "shim" | "relay";

export interface SealingKeys {
  readonly secret: string;
  readonly relayNonce: string;
  readonly shimNonce: string;
  /** Who seals with it. */
  readonly side: Direction;
}

export interface Sealing {
  seal(plain: Buffer): Buffer;
  /** Undefined for anything but the peer's next frame, whole and unchanged. */
  open(sealed: Buffer): Buffer | undefined;
}

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** The last bytes of a nonce hold the counter. */
const COUNTER_OFFSET = NONCE_BYTES - 8;

export function createSealing({ secret, relayNonce, shimNonce, side }: SealingKeys): Sealing {
  const keys = (from: Direction): Nonces => {
    const info = `faasify shim-protocol sealed ${from}`;
    const bytes = Buffer.from(hkdfSync("sha256", secret, `${relayNonce}:${shimNonce}`, info, KEY_BYTES + NONCE_BYTES));
    return { key: bytes.subarray(0, KEY_BYTES), base: bytes.subarray(KEY_BYTES), used: 0n };
  };
  const mine = keys(side);
  const theirs = keys(side === "shim" ? "relay" : "shim");
  return {
    seal: (plain) => {
      const cipher = createCipheriv("aes-256-gcm", mine.key, nextNonce(mine));
      mine.used += 1n;
      return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    },
    open: (sealed) => {
      if (sealed.length < TAG_BYTES) return undefined;
      const decipher = createDecipheriv("aes-256-gcm", theirs.key, nextNonce(theirs));
      decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
      try {
        const plain = Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()]);
        theirs.used += 1n;
        return plain;
      } catch {
        return undefined;
      }
    },
  };
}

interface Nonces {
  readonly key: Buffer;
  readonly base: Buffer;
  used: bigint;
}

function nextNonce({ base, used }: Nonces): Buffer {
  const nonce = Buffer.from(base);
  nonce.writeBigUInt64BE(nonce.readBigUInt64BE(COUNTER_OFFSET) ^ used, COUNTER_OFFSET);
  return nonce;
}
