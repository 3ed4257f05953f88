/** The bytes behind array buffers and their views, as DAP's memory. */
import { Event } from "@vscode/debugadapter";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { CdpError } from "../cdp/cdp-client.ts";
import type { Debuggee } from "../debuggee.ts";
import { markChanged } from "../pause-events.ts";
import type { Container } from "../variables/handles.ts";
import { findContainer } from "./find.ts";
import { notifyInvalidated } from "../output.ts";

/** More than this at once is of no use on a screen. */
const MAX_BYTES = 1024 * 1024;

/** What the object shows of its buffer: nothing before its offset, nothing behind its end. */
const BYTES = `const bytes = ArrayBuffer.isView(this)
    ? new Uint8Array(this.buffer, this.byteOffset, this.byteLength)
    : new Uint8Array(this.buffer instanceof ArrayBuffer ? this.buffer : this);`;

const READ = `function (offset, count) {
  ${BYTES}
  const start = Math.max(0, offset);
  const part = bytes.subarray(start, Math.max(start, offset + count));
  return { start, size: bytes.length, data: Buffer.from(part.buffer, part.byteOffset, part.length).toString("base64") };
}`;

const WRITE = `function (offset, data, allowPartial) {
  ${BYTES}
  const source = Buffer.from(data, "base64");
  const fits = offset >= 0 && offset + source.length <= bytes.length;
  if (!fits && !allowPartial) return -1;
  const part = source.subarray(Math.max(0, -offset), Math.max(0, bytes.length - offset));
  bytes.set(part, Math.max(0, offset));
  return part.length;
}`;

export async function readMemory(
  debuggee: Debuggee,
  { memoryReference, offset = 0, count }: DebugProtocol.ReadMemoryArguments,
): Promise<DebugProtocol.ReadMemoryResponse["body"]> {
  const container = findMemory(debuggee, memoryReference);
  const read = (await call(container, READ, [offset, Math.min(count, MAX_BYTES)])) as {
    readonly start: number;
    readonly size: number;
    readonly data: string;
  };
  const got = Buffer.from(read.data, "base64").length;
  const unreadableBytes = Math.min(count, MAX_BYTES) - got;
  return {
    address: String(read.start),
    data: read.data,
    ...(unreadableBytes > 0 && read.start + got >= read.size ? { unreadableBytes } : {}),
  };
}

export async function writeMemory(
  debuggee: Debuggee,
  { memoryReference, offset = 0, allowPartial = false, data }: DebugProtocol.WriteMemoryArguments,
): Promise<DebugProtocol.WriteMemoryResponse["body"]> {
  const container = findMemory(debuggee, memoryReference);
  const bytesWritten = (await call(container, WRITE, [offset, data, allowPartial])) as number;
  if (bytesWritten < 0) throw new CdpError("The data does not fit into the memory");
  markChanged(container.sandbox);
  notifyMemory(debuggee, { memoryReference, offset, count: bytesWritten });
  notifyInvalidated(debuggee, container.sandbox.threadId);
  return { bytesWritten };
}

function notifyMemory({ client, notify }: Debuggee, body: DebugProtocol.MemoryEvent["body"]): void {
  if (client.supportsMemoryEvent) notify(Object.assign(new Event("memory"), { body }));
}

/** A memory reference is the variables reference of the same object, as text. */
function findMemory(debuggee: Debuggee, memoryReference: string): Container {
  return findContainer(debuggee, Number(memoryReference));
}

async function call({ sandbox, objectId }: Container, code: string, values: readonly unknown[]): Promise<unknown> {
  if (objectId === undefined) throw new CdpError("There is no memory behind this value");
  const { result, exceptionDetails } = await sandbox.cdp.send("Runtime.callFunctionOn", {
    objectId,
    functionDeclaration: code,
    arguments: values.map((value) => ({ value })),
    returnByValue: true,
    silent: true,
  });
  if (exceptionDetails) throw new CdpError("There is no memory behind this value");
  return result.value;
}
