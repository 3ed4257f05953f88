import net from "node:net";
import { startRelay } from "../../../src/debug-adapter/relay/relay.ts";
import type { Relay } from "../../../src/debug-adapter/relay/sandbox-connection.ts";

/** A relay that is far away: what goes through its line takes half a round trip each way, in order. */
export interface DistantRelay extends Relay {
  /** All that went through, both ways. */
  bytes(): number;
}

export async function startDistantRelay(rttMs: number): Promise<DistantRelay> {
  const relay = await startRelay();
  let bytes = 0;
  const carry = (from: net.Socket, to: net.Socket): void => {
    from.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      setTimeout(() => void (to.destroyed || to.write(chunk)), rttMs / 2);
    });
    from.on("close", () => setTimeout(() => to.destroy(), rttMs / 2));
    from.on("error", () => from.destroy());
  };
  const server = net.createServer({ noDelay: true }, (near) => {
    const far = net.connect({ port: Number(new URL(relay.url).port), host: "127.0.0.1", noDelay: true });
    carry(near, far);
    carry(far, near);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  return {
    url: `ws://127.0.0.1:${port}`,
    bytes: () => bytes,
    openSession: () => {
      const session = relay.openSession();
      const address = new URL(session.environmentValue);
      address.port = String(port);
      return { ...session, environmentValue: address.href };
    },
    [Symbol.asyncDispose]: async () => {
      server.close();
      await relay[Symbol.asyncDispose]();
    },
  };
}
