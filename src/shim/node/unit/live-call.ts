/** A call that is a conversation: see protocol/live/contract.ts. The function's end of it. */
import type { FaasifyAnswer } from "../../../protocol/invocation-event.ts";
import type { Message, Outcome, Request, Settlement, StateSide } from "../../../protocol/live/contract.ts";
import { withStandInErrors } from "../../../protocol/live/foreign-errors.ts";
import { References } from "../../../protocol/live/references.ts";
import { Talk, type Received } from "../../../protocol/live/talk.ts";
import type { ClassTable, Encoded, ReceivedCall } from "../../../protocol/values/contract.ts";
import { ValueNotPortable } from "../../../protocol/values/errors.ts";
import type { CallerLine } from "./caller-line.ts";
import { setEnvironment } from "./environment.ts";
import { takeOutput } from "./output.ts";

/** What the function's code meets where it asks a caller that is gone; its results are of no use to anybody then. */
class CallerGone extends Error {
  override readonly name = "CallerGone";
}

export class LiveCall {
  readonly references: References;
  readonly #talk: Talk;
  readonly #line: CallerLine;
  #hasTurn = true;
  #isOver = false;
  /** The event loop turns. */
  #isLoose = false;
  /** It is about to tell that it has something to say. */
  #isFlushing = false;
  /** What came while the function was in the middle of something. */
  readonly #deferred: Received[] = [];
  readonly #restore: (() => void)[] = [];
  #finish: (() => void) | undefined;

  /** The unit's, and what stands for the caller's own. */
  readonly classes: ClassTable;

  constructor(line: CallerLine, own: ClassTable, state: StateSide) {
    this.#line = line;
    const classes = withStandInErrors(own, (path, what) => this.#refuse(path, what));
    this.classes = classes;
    const other = {
      ask: (request: Request) => this.#ask(request),
      settled: (settlement: Settlement) => this.#settled(settlement),
      released: () => undefined,
    };
    this.references = new References(other, { classes });
    this.#talk = new Talk({ classes, references: this.references, state });
  }

  /** Calls the function, and does what its caller asks for until the caller has no use for it any more. */
  async serve(userFunction: object, encoded: Encoded, received: ReceivedCall): Promise<FaasifyAnswer> {
    const { heap } = this.#talk;
    heap.adopt(encoded, received.objects, received);
    heap.adoptReference(userFunction);
    this.#talk.noteState();
    const isOver = new Promise<void>((resolve) => {
      this.#finish = resolve;
    });
    this.#line.listen((message) => this.#hear(message));
    // From now on as in {@link #hear}.
    await Promise.resolve();
    const { self, args } = received;
    this.#answer({ how: "call", target: userFunction, self, args });
    this.#park();
    await isOver;
    this.references.close();
    await this.references.endGiven();
    this.#line.close();
    for (const restore of this.#restore.toReversed()) restore();
    return { faasify: 1 };
  }

  /**
   * By the event loop: nothing of the function runs. In a microtask, as the program's own code mostly is: promises come
   * before ticks then.
   */
  #hear(message: Message | undefined): void {
    queueMicrotask(() => this.#take(message));
  }

  #take(message: Message | undefined): void {
    if (this.#isOver) return;
    if (!message) return this.#over();
    this.#hasTurn = true;
    this.#handle(this.#read(message));
    this.#park();
  }

  /**
   * Sleeps until the caller's turn is over and it lets the queues of this process run: until then nothing of the function
   * may, just as if it ran in the caller's own thread.
   */
  #park(): void {
    while (!this.#hasTurn && !this.#isOver && !this.#isLoose) {
      const message = this.#line.receive();
      if (!message) return this.#over();
      this.#hasTurn = true;
      this.#handle(this.#read(message));
    }
  }

  #handle(received: Received): void {
    const { type, request } = received;
    if (type === "end") return this.#over();
    if (type === "call" && request) {
      this.#isLoose = false;
      return this.#answer(request);
    }
    // `drain` and `grant`: everything that can run now does, and then the caller goes on.
    this.#isLoose = true;
    setImmediate(() => this.#rest());
  }

  #rest(): void {
    if (this.#isOver || !this.#hasTurn) return;
    const next = this.#deferred.shift();
    if (!next) return this.#send(() => this.#talk.write("idle"));
    this.#handle(next);
    this.#park();
  }

  #answer(request: Request): void {
    const outcome = this.references.perform(request);
    if (!this.#isOver) this.#send(() => this.#talk.write("answer", { outcome }));
  }

  /** Hands the turn over. What cannot travel ends the conversation: the caller says what becomes of it. */
  #send(write: () => Message): void {
    let message: Message;
    try {
      message = write();
    } catch (error) {
      if (!(error instanceof ValueNotPortable)) throw error;
      return this.#giveUp(error.path, error.what);
    }
    const output = takeOutput();
    this.#hasTurn = false;
    this.#line.send(output.length > 0 ? { ...message, output } : message);
  }

  #giveUp(path: string, what: string): void {
    this.#line.send({ type: "refused", path, what });
    this.#over();
  }

  /** In the middle of the function's code. */
  #refuse(path: string, what: string): never {
    if (!this.#isOver) {
      if (!this.#hasTurn) this.#acquireTurn();
      this.#giveUp(path, what);
    }
    throw new CallerGone(`${path} is ${what}`);
  }

  #ask(request: Request): Outcome {
    this.#throwIfOver();
    if (!this.#hasTurn) this.#acquireTurn();
    this.#send(() => this.#talk.write("ask", { request }));
    for (;;) {
      this.#throwIfOver();
      const received = this.#receive();
      if (received.type === "reply" && received.outcome) return received.outcome;
      // The caller's code has called back.
      if (received.type === "call" && received.request) this.#answer(received.request);
      else this.#lose();
    }
  }

  #acquireTurn(): void {
    this.#line.send({ type: "want" });
    const received = this.#receive();
    // What the caller has just begun to wait for comes when the function is done with what it is in the middle of.
    if (received.type !== "grant") this.#deferred.push(received);
    setImmediate(() => this.#rest());
  }

  #receive(): Received {
    const message = this.#line.receive();
    if (!message) this.#lose();
    this.#hasTurn = true;
    const received = this.#read(message);
    if (received.type === "end") this.#lose();
    return received;
  }

  #read(message: Message): Received {
    if (message.environment) this.#restore.push(setEnvironment(message.environment));
    return this.#talk.read(message);
  }

  #settled(settlement: Settlement): void {
    this.#talk.addSettlement(settlement);
    if (this.#isOver) return;
    if (this.#hasTurn) return this.#hold();
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    // Behind everything that can run now.
    setImmediate(() => {
      this.#isFlushing = false;
      if (!this.#hasTurn && !this.#isOver && this.#talk.hasSettlements) this.#line.send({ type: "want" });
    });
  }

  /**
   * In the middle of the queues: the caller's code that waited for this comes before what is still in them, as if it
   * stood in line here.
   */
  #hold(): void {
    if (!this.#isLoose) return;
    this.#isLoose = false;
    this.#send(() => ({ ...this.#talk.write("idle"), held: true }));
    while (!this.#isLoose && !this.#isOver) {
      const message = this.#line.receive();
      if (!message) return this.#over();
      this.#hasTurn = true;
      const received = this.#read(message);
      if (received.type === "end") return this.#over();
      if (received.type === "call" && received.request) this.#answer(received.request);
      else this.#isLoose = true;
    }
  }

  #throwIfOver(): void {
    if (this.#isOver) throw new CallerGone("the function's caller is gone");
  }

  #lose(): never {
    this.#over();
    throw new CallerGone("the function's caller is gone");
  }

  #over(): void {
    this.#isOver = true;
    this.#finish?.();
  }
}
