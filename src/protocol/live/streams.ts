/** Streams of the other end: pulled piece by piece, as they are read here. */
import type { Readable } from "node:stream";
import type { ReadableStreamDefaultReader } from "node:stream/web";
import type { Request } from "./contract.ts";
import { streamModule } from "./host.ts";
import type { StepResult } from "./iterators.ts";

export interface StreamDescription {
  readonly stream: "node" | "web";
  readonly objectMode?: boolean;
  readonly encoding?: BufferEncoding;
}

/** Undefined: none, or one that can do more than be read. */
export function describeStream(value: object): StreamDescription | undefined {
  if (Object.prototype.toString.call(value) === "[object ReadableStream]") {
    return Object.getPrototypeOf(value) === ReadableStream.prototype && !(value as ReadableStream).locked
      ? { stream: "web" }
      : undefined;
  }
  if (!("readableObjectMode" in value)) return undefined;
  if (Object.getPrototypeOf(value) !== streamModule().Readable.prototype) return undefined;
  const { readableObjectMode, readableEncoding } = value as Readable;
  return {
    stream: "node",
    objectMode: readableObjectMode,
    ...(readableEncoding && { encoding: readableEncoding }),
  };
}

export function isStreamDescription(description: unknown): description is StreamDescription {
  return typeof description === "object" && description !== null && "stream" in description;
}

/** Undefined: no stream. */
export function streamIterator(value: object): AsyncIterator<unknown> | undefined {
  if (Object.prototype.toString.call(value) === "[object ReadableStream]") return readerOf(value as ReadableStream);
  return "readableObjectMode" in value ? (value as Readable)[Symbol.asyncIterator]() : undefined;
}

function readerOf(stream: ReadableStream): AsyncIterator<unknown> {
  let reader: ReadableStreamDefaultReader<unknown> | undefined;
  const theReader = (): ReadableStreamDefaultReader<unknown> => (reader ??= stream.getReader());
  return {
    next: async () => {
      const { done, value } = await theReader().read();
      return done ? { done, value: undefined } : { done: false, value };
    },
    return: async (reason) => {
      await theReader().cancel(reason);
      return { done: true, value: undefined };
    },
  };
}

type Step = (request: Request) => StepResult | Promise<StepResult>;

export function streamStandIn(description: StreamDescription, step: Step): object {
  return description.stream === "web" ? webStandIn(step) : nodeStandIn(description, step);
}

function webStandIn(step: Step): object {
  const stream: ReadableStream = new ReadableStream(
    {
      pull: async (controller) => {
        const { done, value } = await step({ how: "next", target: stream, self: undefined, args: [] });
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: async (reason) => {
        await step({ how: "return", target: stream, self: undefined, args: [reason] });
      },
    },
    // Nothing is asked for that nobody reads.
    { highWaterMark: 0 },
  );
  return stream;
}

function nodeStandIn({ objectMode = false, encoding }: StreamDescription, step: Step): object {
  let isAtEnd = false;
  const ask = async (how: "next" | "return"): Promise<IteratorResult<unknown>> => {
    if (isAtEnd) return { value: undefined, done: true };
    isAtEnd = true;
    const result = await step({ how, target: stream, self: undefined, args: [] });
    isAtEnd = result.done || how === "return";
    if (isAtEnd) stream.destroy();
    return result;
  };
  const iterator = { next: () => ask("next"), return: () => ask("return"), [Symbol.asyncIterator]: () => iterator };
  const options = { objectMode, highWaterMark: 1, ...(encoding && { encoding }) };
  const stream: Readable = streamModule().Readable.from(iterator, options);
  const buffered = stream[Symbol.asyncIterator].bind(stream);
  // The stream that it stands for reads ahead already: `for await` gets what that one gives.
  const direct = { ...iterator, [Symbol.asyncIterator]: () => direct };
  const value = (): unknown => (stream.readableDidRead || stream.readableFlowing !== null ? buffered() : direct);
  Object.defineProperty(stream, Symbol.asyncIterator, { value, writable: true, configurable: true });
  return stream;
}
