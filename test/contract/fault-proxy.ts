/** Stands between a client and a server of HTTP, and lets the connection fail from a chosen request on. */
import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/**
 * `cut`: the connection ends before the request arrives · `mute`: the request arrives, its answer does not, and nothing
 * after it · `lose`: as `mute`, but only this once · `hold`: as `cut`, and `hold-answer`: as `mute`, but the client is left waiting.
 */
export type Fault = "cut" | "mute" | "lose" | "hold" | "hold-answer";

export interface FaultProxy extends AsyncDisposable {
  readonly endpoint: string;
  /** Counts from the next request. Resolves when the fault has happened. */
  fail(fromRequest: number, fault: Fault): Promise<void>;
  heal(): void;
  /** The next so many answers to such requests are other ones. */
  meddle(meddling: Meddling): void;
}

export interface Meddling {
  /** `POST /2015-03-31/functions` */
  readonly request: RegExp;
  readonly times: number;
  /** Instead of the server's: the server does not see the request. */
  readonly refuse?: { readonly status: number; readonly type: string; readonly message: string };
  /** Changes the server's. */
  readonly rewrite?: (body: unknown) => unknown;
}

export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const to = new URL(target);
  const agent = new http.Agent({ keepAlive: true });
  let requests = 0;
  let failing: { readonly from: number; readonly fault: Fault; readonly happened: () => void } | undefined;
  const meddlings: { readonly meddling: Meddling; left: number }[] = [];
  const meddlingWith = ({ method, url }: http.IncomingMessage): Meddling | undefined => {
    const found = meddlings.find(({ meddling, left }) => left > 0 && meddling.request.test(`${method} ${url}`));
    if (found) found.left -= 1;
    return found?.meddling;
  };

  const server = http.createServer((request, response) => {
    requests += 1;
    const first = requests === failing?.from;
    const fault = first || (failing && requests > failing.from && failing.fault !== "lose") ? failing : undefined;
    if (fault && (!first || fault.fault === "cut" || fault.fault === "hold")) {
      if (!fault.fault.startsWith("hold")) request.socket.destroy();
      fault.happened();
      return;
    }
    forward(request, response, fault);
  });

  const forward = (request: http.IncomingMessage, response: http.ServerResponse, fault: typeof failing): void => {
    const meddling = meddlingWith(request);
    if (meddling?.refuse) {
      refuse(request, response, meddling.refuse);
      return;
    }
    const { method, url, headers } = request;
    const forwarded = http.request(
      { agent, host: to.hostname, port: to.port, method, path: url, headers },
      (answer) => {
        if (!fault) {
          passOn(answer, response, meddling);
          return;
        }
        answer.resume();
        answer.once("end", () => {
          if (fault.fault !== "hold-answer") request.socket.destroy();
          fault.happened();
        });
      },
    );
    forwarded.once("error", () => request.socket.destroy());
    request.pipe(forwarded);
  };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    fail: (from, fault) =>
      new Promise((resolve) => {
        requests = 0;
        failing = { from, fault, happened: resolve };
      }),
    heal: () => (failing = undefined),
    meddle: (meddling) => void meddlings.push({ meddling, left: meddling.times }),
    [Symbol.asyncDispose]: async () => {
      agent.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

type Refusal = NonNullable<Meddling["refuse"]>;

function refuse(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  { status, type, message }: Refusal,
): void {
  request.resume();
  response.writeHead(status, { "Content-Type": "application/json", "x-amzn-ErrorType": type });
  response.end(JSON.stringify({ Type: "User", message }));
}

function passOn(answer: http.IncomingMessage, response: http.ServerResponse, meddling: Meddling | undefined): void {
  const { statusCode = 502, headers } = answer;
  const { rewrite } = meddling ?? {};
  if (!rewrite) {
    response.writeHead(statusCode, headers);
    answer.pipe(response);
    return;
  }
  const { "content-length": _length, ...rest } = headers;
  void text(answer).then((body) => {
    response.writeHead(statusCode, rest).end(JSON.stringify(rewrite(JSON.parse(body))));
  });
}
