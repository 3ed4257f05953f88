/** A debug session's place at a relay: the secret, and the sandboxes that have proven that they know it. */
import { randomBytes } from "node:crypto";
import { sealedSecret } from "../../protocol/sealed-secret.ts";
import type { RelaySession, SandboxConnection } from "./sandbox-connection.ts";
import {
  type Connected,
  createListeners,
  createSandboxLink,
  type LinkOptions,
  type SandboxLink,
} from "./sandbox-link.ts";

export interface AdmittingSession extends RelaySession {
  readonly secret: string;
  admit(connected: Connected): void;
}

export interface SessionOptions extends LinkOptions {
  /** What the shim dials, the session included. */
  readonly address: string;
  /** Frames are encrypted end to end. */
  readonly sealed: boolean;
}

/** @param forget - called when the session is closed: its secret is refused from then on */
export function createRelaySession(
  { address, sealed, ...options }: SessionOptions,
  forget: () => void,
): AdmittingSession {
  const random = randomBytes(32).toString("hex");
  const secret = sealed ? sealedSecret(random) : random;
  const links = new Map<string, SandboxLink>();
  const newcomers = createListeners<[SandboxConnection]>();
  return {
    secret,
    environmentValue: `${address}#${secret}`,
    onSandbox: newcomers.add,
    admit: (connected) => {
      const { instance } = connected.hello;
      const known = links.get(instance);
      if (known) return known.attach(connected);
      const link = createSandboxLink(connected.hello, options);
      links.set(instance, link);
      link.onGone(() => links.delete(instance));
      link.attach(connected);
      newcomers.tell(link);
    },
    close: async () => {
      forget();
      await Promise.all(Array.from(links.values(), (link) => link.detach()));
    },
  };
}
