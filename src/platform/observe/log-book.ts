/**
 * The functions' logs: recent events in memory, all of them in a file per function that is rotated.
 * Writing is batched: an invocation never waits for the disk.
 */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
} from "node:fs";
import path from "node:path";
import { type Log, silentLog } from "../../core/log.ts";

export interface LogEvent {
  /** Milliseconds since the epoch. */
  readonly timestampMs: number;
  readonly message: string;
  /** Of the sandbox that it is from. */
  readonly stream: string;
}

export interface LogBook {
  append(functionName: string, event: LogEvent): void;
  /** What is in memory, oldest first. */
  events(functionName: string): readonly LogEvent[];
  /** The last `limit` events since `sinceMs`, oldest first. */
  read(functionName: string, sinceMs: number, limit: number): LogEvent[];
  remove(functionName: string): void;
  /** Writes what is still in memory only. */
  flush(): void;
}

const FLUSH_MS = 250;
/** Of one file; there are two per function at most. */
const ROTATE_BYTES = 4 * 1024 * 1024;
const EVENTS_IN_MEMORY = 5_000;
/** Of one function, together. A function that floods its log must not fill the platform's memory. */
const CHARS_IN_MEMORY = 4 * 1024 * 1024;
/** Lambda cuts an event of CloudWatch at 256 KB as well. */
const MAX_MESSAGE_CHARS = 256 * 1024;

interface Book {
  readonly file: string;
  /** Oldest first; up to twice {@link EVENTS_IN_MEMORY}, and twice {@link CHARS_IN_MEMORY}. */
  events: LogEvent[];
  /** Of all events. */
  chars: number;
  /** How many of the last events are not on disk yet. */
  unwritten: number;
  /** Of the file. */
  bytes: number;
}

/**
 * A disk that is full costs the oldest events, never the platform: it is told to `log` once, and writing is tried again
 * with the next event.
 *
 * @param folder - made on first use
 */
export function createLogBook(folder: string, log: Log = silentLog): LogBook {
  const books = new Map<string, Book>();
  const dirty = new Set<Book>();
  let timer: NodeJS.Timeout | undefined;
  let failing = false;

  const bookOf = (functionName: string): Book => {
    const known = books.get(functionName);
    if (known) return known;
    const book = openBook(path.join(folder, `${functionName}.log`));
    books.set(functionName, book);
    return book;
  };

  const write = (book: Book): void => {
    try {
      writeOut(book);
      dirty.delete(book);
      failing = false;
    } catch (error) {
      if (!failing) log.warn(`${book.file} cannot be written`, error);
      failing = true;
    }
  };

  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    for (const book of dirty) write(book);
  };

  return {
    append(functionName, { timestampMs, message, stream }) {
      const book = bookOf(functionName);
      const text = message.length > MAX_MESSAGE_CHARS ? message.slice(0, MAX_MESSAGE_CHARS) : message;
      book.events.push({ timestampMs, message: text, stream });
      book.chars += text.length;
      book.unwritten += 1;
      dirty.add(book);
      if (book.events.length >= 2 * EVENTS_IN_MEMORY || book.chars >= 2 * CHARS_IN_MEMORY) {
        write(book);
        dropOldest(book);
      }
      timer ??= setTimeout(flush, FLUSH_MS);
    },
    events: (functionName) => bookOf(functionName).events,
    read(functionName, sinceMs, limit) {
      const recent = bookOf(functionName).events.filter((event) => event.timestampMs >= sinceMs);
      return recent.slice(-limit);
    },
    remove(functionName) {
      const book = bookOf(functionName);
      books.delete(functionName);
      dirty.delete(book);
      for (const file of [book.file, rotated(book.file)]) rmSync(file, { force: true });
    },
    flush,
  };
}

const rotated = (file: string): string => `${file}.1`;

function openBook(file: string): Book {
  const events = [rotated(file), file].flatMap(readEvents);
  const chars = events.reduce((sum, { message }) => sum + message.length, 0);
  const bytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  const book: Book = { file, events, chars, unwritten: 0, bytes };
  dropOldest(book);
  return book;
}

function dropOldest(book: Book): void {
  let first = Math.max(0, book.events.length - EVENTS_IN_MEMORY);
  for (const { message } of book.events.slice(0, first)) book.chars -= message.length;
  while (book.chars > CHARS_IN_MEMORY) {
    book.chars -= book.events[first]?.message.length ?? book.chars;
    first += 1;
  }
  book.events = book.events.slice(first);
  book.unwritten = Math.min(book.unwritten, book.events.length);
}

/** Of events that were written before they had one. */
const EARLIER_STREAM = "earlier";

/** One event per line, `[timestampMs, message, stream]`; a line that a kill cut off is skipped. */
function readEvents(file: string): LogEvent[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8").split("\n").flatMap(readEvent);
}

function readEvent(line: string): LogEvent[] {
  try {
    const [timestampMs, message, stream = EARLIER_STREAM] = JSON.parse(line) as readonly unknown[];
    const isEvent = typeof timestampMs === "number" && typeof message === "string" && typeof stream === "string";
    return isEvent ? [{ timestampMs, message, stream }] : [];
  } catch {
    return [];
  }
}

function writeOut(book: Book): void {
  if (book.unwritten === 0) return;
  const text = book.events
    .slice(-book.unwritten)
    // Names of streams have nothing that JSON would escape.
    .map(({ timestampMs, message, stream }) => `[${timestampMs},${JSON.stringify(message)},"${stream}"]\n`)
    .join("");
  const folder = path.dirname(book.file);
  // Not recursive: a data folder that was deleted must not come back.
  if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 });
  if (book.bytes > ROTATE_BYTES) {
    renameSync(book.file, rotated(book.file));
    book.bytes = 0;
  }
  try {
    appendFileSync(book.file, text, { mode: 0o600 });
  } catch (error) {
    // Half of it may be there, and will be written again.
    if (existsSync(book.file)) truncateSync(book.file, book.bytes);
    throw error;
  }
  book.unwritten = 0;
  book.bytes += Buffer.byteLength(text);
}
