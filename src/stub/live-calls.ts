/** Calls that are conversations: the program's end of them. See protocol/live/contract.ts. */
import { deserializeError, FaasifyError } from "../core/errors.ts";
import type { Message, Outcome, Request, Settlement, StateSide } from "../protocol/live/contract.ts";
import { withForeignErrors } from "../protocol/live/foreign-errors.ts";
import { References } from "../protocol/live/references.ts";
import { Talk, type Content, type Received } from "../protocol/live/talk.ts";
import type { CallValues, ClassTable, SentCall } from "../protocol/values/contract.ts";
import { ValueNotPortable } from "../protocol/values/errors.ts";
import type { LineNote } from "./messages.ts";
import { replayOutput } from "./output.ts";
import type { Line } from "./worker-link.ts";

export interface LiveFunction {
  readonly key: string;
  readonly classes: ClassTable;
  readonly state: StateSide;
  /** The function may have left something in its queues when it has returned. */
  readonly isLate: boolean;
  /** The environment variables that it reads, as they are now. */
  environment(): Readonly<Record<string, string | null>>;
  /** Tells of something that the function threw, before the program sees it. */
  onThrown(value: unknown): void;
  /** It can be used no longer. */
  onOver(): void;
}

/** A running function that the program talks with; it lives as long as either end has something of the other's. */
export class LiveCall {
  readonly references: References;
  readonly #function: LiveFunction;
  readonly #talk: Talk;
  /** Stands for the function itself. */
  readonly #itself = (): void => undefined;
  #line: Line | undefined;
  /** Why nothing can be asked any more. */
  #lost: Error | undefined;
  #isOver = false;
  /** How many calls of this thread wait for the function, one inside the other. */
  #depth = 0;
  #isPumping = false;
  #environment: Readonly<Record<string, string | null>> = {};
  /** The program's code has run for the function, or has seen something of it. */
  isNoticed = false;
  /** The function could not be asked at all. */
  isUnreached = false;

  constructor(liveFunction: LiveFunction) {
    this.#function = liveFunction;
    const other = {
      ask: (request: Request) => this.#call(request),
      settled: (settlement: Settlement) => this.#settled(settlement),
      released: () => this.#rest(),
    };
    const { state } = liveFunction;
    const classes = withForeignErrors(liveFunction.classes);
    this.references = new References(other, { classes });
    const onThrown = (value: unknown): void => liveFunction.onThrown(value);
    this.#talk = new Talk({ classes, references: this.references, state, onThrown });
  }

  /** Begins: what the function itself gives, or throws. */
  begin(line: Line, sent: SentCall, values: CallValues): Outcome {
    this.#line = line;
    this.#talk.heap.adopt(sent.encoded, sent.objects, values);
    this.#talk.heap.adoptReference(this.#itself);
    this.#talk.noteState();
    this.#environment = this.#function.environment();
    line.listen((note) => this.#hear(note));
    return this.#during(() => this.#serve());
  }

  /** Calls the function itself once more. */
  callAgain({ args, self }: CallValues): Outcome {
    return this.#call({ how: "call", target: this.#itself, self, args });
  }

  #call(request: Request): Outcome {
    if (this.#lost) throw this.#lost;
    if (this.#isOver) throw ended(this.#function.key);
    return this.#during(() => {
      this.#send(this.#write("call", { request }));
      return this.#serve();
    });
  }

  /** Whatever the program has asked for, the function may have more to do when its own code goes on. */
  #during(exchange: () => Outcome | undefined): Outcome {
    this.#depth += 1;
    try {
      return exchange() ?? { ok: true, value: undefined };
    } finally {
      this.#depth -= 1;
      this.#rest();
    }
  }

  #rest(): void {
    if (this.#depth > 0 || this.#isOver) return;
    if (this.#function.isLate || this.references.isWaiting) this.#schedulePump();
    else this.#endIfDone();
    this.#line?.keepAlive(this.references.isWaiting);
  }

  #schedulePump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    queueMicrotask(() => {
      this.#isPumping = false;
      this.#drain("drain");
    });
  }

  /** Behind what the program does with what it has got. */
  #pumpLater(ticks: number): void {
    if (ticks === 0) this.#schedulePump();
    else process.nextTick(() => this.#pumpLater(ticks - 1));
  }

  /** Lets the function's own queues run, as they would now if it ran here. */
  #drain(type: "drain" | "grant"): void {
    if (this.#isOver) return;
    this.#depth += 1;
    try {
      this.#send(this.#write(type));
      this.#serve();
    } catch (error) {
      // Whoever waits for the function has been told, and whoever uses it will be.
      if (error !== this.#lost) throw error;
    } finally {
      this.#depth -= 1;
      this.#endIfDone();
      this.#line?.keepAlive(!this.#isOver && this.references.isWaiting);
    }
  }

  #endIfDone(): void {
    if (this.#depth > 0 || this.#isOver || !this.references.isDone) return;
    this.#end();
  }

  #end(): void {
    this.#line?.send({ end: JSON.stringify({ type: "end" } satisfies Message) });
    this.#over();
  }

  #over(): void {
    this.#isOver = true;
    this.references.close();
    this.#line?.keepAlive(false);
    this.#function.onOver();
  }

  #send(message: Message): void {
    const now = this.#function.environment();
    const changed = Object.entries(now).filter(([name, value]) => this.#environment[name] !== value);
    this.#environment = now;
    const all = changed.length > 0 ? { ...message, environment: Object.fromEntries(changed) } : message;
    this.#line?.send(JSON.stringify(all));
  }

  /** What the function waits for must be given, or it is over: it would go on with something else. */
  #write(type: "call" | "reply" | "drain" | "grant", content?: Content): Message {
    try {
      return this.#talk.write(type, content);
    } catch (error) {
      if (!(error instanceof ValueNotPortable)) throw error;
      const failure = notPortable(this.#function.key, error);
      if (type !== "call") this.#fail(failure);
      throw failure;
    }
  }

  #fail(failure: Error): void {
    this.#lost = failure;
    if (!this.#isOver) this.#end();
    this.references.lose(failure);
  }

  /** Sleeps until the turn is here again. Undefined: the function had nothing to answer. */
  #serve(): Outcome | undefined {
    for (;;) {
      const received = this.#receive();
      if (received === undefined || received.type === "want") continue;
      if (received.type === "ask" && received.request) {
        this.isNoticed = true;
        const outcome = this.references.perform(received.request);
        if (this.#lost) throw this.#lost;
        this.#send(this.#write("reply", { outcome }));
        continue;
      }
      return received.outcome;
    }
  }

  #receive(): Received | undefined {
    const note = this.#line?.receive();
    if (note === undefined || typeof note !== "string") throw this.#lose(note);
    const message = JSON.parse(note) as Message;
    if (message.type === "want") return undefined;
    if (message.held) this.#pumpLater(STREAM_TICKS);
    if (message.type === "refused") {
      const { path = "", what = "" } = message;
      const failure = refused(this.#function.key, path, what);
      this.#fail(failure);
      throw failure;
    }
    if (message.output) {
      this.isNoticed = true;
      replayOutput(message.output);
    }
    return this.#talk.read(message);
  }

  /** By the event loop. */
  #hear(note: LineNote): void {
    if (this.#isOver) return;
    if (typeof note !== "string") this.#lose(note);
    else if ((JSON.parse(note) as Message).type === "want") this.#drain("grant");
  }

  #lose(note: Exclude<LineNote, string> | undefined): Error {
    const failure = note?.ended;
    this.isUnreached = note?.unreached === true;
    const lost = failure ? deserializeError(failure) : ended(this.#function.key);
    this.#lost = lost;
    if (!this.#isOver) this.#over();
    this.references.lose(lost);
    return lost;
  }

  /** It has never begun. */
  discard(): void {
    this.#isOver = true;
    this.references.close();
  }

  #settled(settlement: Settlement): void {
    if (this.#isOver || !this.#line) return;
    this.#talk.addSettlement(settlement);
    this.#drain("drain");
  }
}

/** A stream of Node takes some until what it was given is with its reader. */
const STREAM_TICKS = 4;

function ended(key: string): FaasifyError {
  return new FaasifyError("invocation-failed", `${key} has ended, and what it had given out has ended with it`, {
    remedy: "Keep the function here: faasify decompose --functions",
  });
}

function notPortable(key: string, { path, what }: ValueNotPortable): FaasifyError {
  return new FaasifyError("value-not-portable", `${key} cannot be given ${path}, which is ${what}`, {
    remedy: "Give it something that can be copied, or keep the function here: faasify decompose --functions",
  });
}

function refused(key: string, path: string, what: string): FaasifyError {
  return new FaasifyError("value-not-portable", `${key} gives ${path}, which is ${what}`, {
    remedy: "Give something that can be copied, or keep the function here: faasify decompose --functions",
  });
}
