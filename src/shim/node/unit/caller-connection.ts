/**
 * The worker that holds the connection to the caller, as text: it is part of the function's bundle, whose code it cannot
 * use. Frames are the length of a text (4 bytes, the lowest first) and the text.
 *
 * It is told `{connection, number, token}`: connect to this port · a text: send it · `null`: hang up. It tells the number
 * of a connection, and `{isOpen, problem}` or a text.
 */
export const connectionSource = String.raw`"use strict";
const { workerData: { port, signal } } = require("node:worker_threads");
const { connect } = require("node:net");
const flags = new Int32Array(signal);
let socket;
function tell(connection, told) {
  port.postMessage([connection, told]);
  Atomics.add(flags, 0, 1);
  Atomics.notify(flags, 0);
}
function write(text) {
  const body = Buffer.from(text);
  const header = Buffer.allocUnsafe(4);
  header.writeUInt32LE(body.length, 0);
  if (socket) socket.write(Buffer.concat([header, body]));
}
let last = 0;
function open(connection, number, token) {
  last = connection;
  let rest = Buffer.alloc(0);
  let problem;
  const own = connect({ port: number, host: "127.0.0.1", noDelay: true });
  socket = own;
  own.on("connect", () => {
    write(token);
    tell(connection, { isOpen: true });
  });
  own.on("data", (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32LE(0)) {
      const end = 4 + rest.readUInt32LE(0);
      tell(connection, rest.toString("utf8", 4, end));
      rest = rest.subarray(end);
    }
  });
  own.on("error", (error) => {
    problem = error.message;
  });
  own.on("close", () => {
    if (socket !== own) return;
    socket = undefined;
    tell(connection, { isOpen: false, problem });
  });
}
port.on("message", (order) => {
  if (typeof order === "string") write(order);
  else if (order) open(order.connection, order.number, order.token);
  else if (socket) {
    const old = socket;
    socket = undefined;
    old.end();
  }
});
process.on("exit", () => {
  Atomics.store(flags, 1, 1);
  tell(last, { isOpen: false, problem: "its worker has ended" });
});
`;
