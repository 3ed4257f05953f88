/** Finds a port on the loopback interface. */
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { FaasifyError } from "../../core/errors.ts";

/** @throws FaasifyError `port-taken` if the port was asked for */
export async function listen(server: Server, asked: number | undefined, last: number | undefined): Promise<number> {
  if (asked !== undefined) return listenOn(server, asked);
  try {
    return await listenOn(server, last ?? 0);
  } catch (error) {
    if (error instanceof FaasifyError && error.code === "port-taken") return listenOn(server, 0);
    throw error;
  }
}

function listenOn(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => reject(explainListen(error, port));
    server.once("error", onError);
    server.listen({ port, host: "127.0.0.1", backlog: 511 }, () => {
      server.off("error", onError);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function explainListen(error: NodeJS.ErrnoException, port: number): Error {
  if (error.code !== "EADDRINUSE" && error.code !== "EACCES") return error;
  const reason = error.code === "EACCES" ? "is not allowed for this user" : "is used by another program";
  return new FaasifyError("port-taken", `Port ${port} on 127.0.0.1 ${reason}`, {
    remedy: "Choose another one with --port, or leave --port out to get a free one",
    cause: error,
  });
}
