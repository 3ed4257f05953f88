/**
 * The border between the relay (sockets, tokens, reconnects) and the rest of the adapter (CDP, DAP).
 * relay.ts implements it; tests of the rest fake it in a few lines.
 */
import type { Hello, RelayMessage, ShimMessage } from "../../protocol/shim-messages.ts";

/** Ends a subscription. */
export type Unsubscribe = () => void;

/** One live sandbox whose shim has proven that it knows the session's secret. */
export interface SandboxConnection {
  /** The latest `hello`: replaced when the shim dials again. */
  readonly hello: Hello;
  readonly connected: boolean;
  /** Drops the message when the socket is down: the shim resynchronises with its next `hello`. */
  send(message: RelayMessage): void;
  onMessage(listener: (message: ShimMessage) => void): Unsubscribe;
  /** The shim dialled again after a drop; `hello` is the new one. */
  onReconnected(listener: () => void): Unsubscribe;
  /** The sandbox is gone for good: its socket closed and it did not dial again within the grace time. */
  onGone(listener: () => void): Unsubscribe;
}

/** A debug session's place at the relay: shims that know its secret end up here. */
export interface RelaySession {
  /** The value of `FAASIFY_DEBUG` for the function. */
  readonly environmentValue: string;
  onSandbox(listener: (sandbox: SandboxConnection) => void): Unsubscribe;
  /** Sends `detach` to all, closes them and forgets the secret: it is refused from now on. */
  close(): Promise<void>;
}

export interface Relay extends AsyncDisposable {
  /** `ws://127.0.0.1:PORT` */
  readonly url: string;
  /** Makes a session with a fresh 256-bit secret. */
  openSession(): RelaySession;
}
