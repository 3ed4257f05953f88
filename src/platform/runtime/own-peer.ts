/** Any user of the machine can connect to a port of the loopback interface: is it one of this user's processes? */
import { readFileSync } from "node:fs";
import type { Socket } from "node:net";

/** True where it cannot be told. */
export function isOwnPeer({ remotePort, localPort }: Socket): boolean {
  const uid = process.getuid?.();
  if (process.platform !== "linux" || uid === undefined || remotePort === undefined || localPort === undefined)
    return true;
  const hex = (port: number): string => `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  try {
    // sl local_address rem_address st tx:rx tr:tm retrnsmt uid …: proc(5)
    for (const line of readFileSync("/proc/net/tcp", "latin1").split("\n")) {
      const [, local, remote, , , , , owner] = line.trim().split(/\s+/);
      if (local?.endsWith(hex(remotePort)) === true && remote?.endsWith(hex(localPort)) === true) {
        return Number(owner) === uid;
      }
    }
    return true;
  } catch {
    return true;
  }
}
