/** A sandbox with a function in it: initialises once, then runs one invocation at a time. */
import {
  BAD_PAYLOAD,
  encodeInvoke,
  encodeText,
  FAILURE,
  FATAL_FAILURE,
  INIT_FAILED,
  INITIALISED,
  RESULT,
  STREAM_CHUNK,
  STREAM_END,
  STREAM_START,
  SWAP,
  TAKES_CODE,
  type Assignment,
} from "../frames.ts";
import {
  appendToTail,
  endLines,
  failure,
  startLine,
  unavailable,
  type Invocation,
  type Outcome,
} from "./invocation.ts";
import { ownMemoryMb } from "./memory.ts";
import type { Sandbox, SandboxExit, SandboxListener } from "./sandbox.ts";

const INIT_TIMEOUT_MS = 10_000;
const MIB = 1024 * 1024;
/** A process keeps every version of its code in memory: it takes so many new ones, and so large a share of its memory (of zips, which are a fraction of what they become). */
const MAX_SWAPS = 20;
const MAX_SWAPPED_SHARE = 1 / 32;
/** Lambda's limit on a result, in bytes. */
const MAX_RESULT_BYTES = 6_291_556;

/** What an invocation was like, once it is over. */
export interface Measured {
  readonly durationMs: number;
  readonly failed: boolean;
  readonly cold: boolean;
  /** The alias that it was invoked by. */
  readonly alias: string | undefined;
}

/** Why a sandbox never became ready. */
export interface InitProblem {
  /** What it printed meanwhile. */
  readonly log: string;
  /** The answer to the invocation that waited for it. */
  outcome(requestId: string): Outcome;
}

/** Code that takes the place of a sandbox's own. */
export interface NewCode {
  /** Absolute path of it, unpacked. */
  readonly taskRoot: string;
  /** Of the zip. */
  readonly bytes: number;
}

/** Whoever owns the sandbox. */
export interface SandboxOwner {
  /** It is initialised, or has finished an invocation, and would take another one. */
  onFree(sandbox: LiveSandbox): void;
  /** Its process is gone, or about to go. `initProblem` is there if it never became ready. */
  onGone(sandbox: LiveSandbox, initProblem: InitProblem | undefined): void;
  log(text: string, stream: string): void;
  measured(measured: Measured): void;
}

export interface LiveSandboxOptions {
  readonly sandbox: Sandbox;
  readonly assignment: Assignment;
  readonly timeoutMs: number;
  /** Of what is `/tmp` on Lambda. */
  readonly ephemeralMb: number;
  /** Stops all its processes between invocations, as Lambda does. */
  readonly freeze: boolean;
  readonly owner: SandboxOwner;
}

export class LiveSandbox implements SandboxListener {
  readonly #sandbox: Sandbox;
  readonly #assignment: Assignment;
  readonly #timeoutMs: number;
  readonly #owner: SandboxOwner;
  readonly #startedAt = performance.now();
  #timer: NodeJS.Timeout;
  #initMs: number | undefined;
  #invocation: Invocation | undefined;
  #invokedAt = 0;
  #cold = false;
  #gone = false;
  #outOfMemory = false;
  readonly #ephemeralMb: number;
  /** What its temporary folder held when it was too much. */
  #overfullMb: number | undefined;
  readonly #freeze: boolean;
  #frozen = false;
  #initLog = "";
  /** Of a result that comes in pieces but is wanted whole. */
  readonly #pieces: Buffer[] = [];
  #streamedBytes = 0;
  #maxMemoryMb = 0;
  /** Undefined before it is initialised. */
  #takesCode: boolean | undefined;
  /** For when it is initialised. */
  #newCode: NewCode | undefined;
  #swaps = 0;
  #swappedBytes = 0;
  /** When it last became free, on the clock of `performance.now()`. */
  freeSince = 0;
  /** Its code or configuration is outdated: it ends when the invocation in flight has. */
  retired = false;

  constructor({ sandbox, assignment, timeoutMs, ephemeralMb, freeze, owner }: LiveSandboxOptions) {
    this.#ephemeralMb = ephemeralMb;
    this.#freeze = freeze && !assignment.stayAwake && process.platform !== "win32";
    this.#sandbox = sandbox;
    this.#assignment = assignment;
    this.#timeoutMs = timeoutMs;
    this.#owner = owner;
    this.#timer = setTimeout(() => this.#initTimedOut(), INIT_TIMEOUT_MS);
    sandbox.listener = this;
    sandbox.assign(assignment);
  }

  get pid(): number {
    return this.#sandbox.pid;
  }

  /** Its own code or an invocation runs in it. */
  get working(): boolean {
    return this.#initMs === undefined || this.#invocation !== undefined;
  }

  /** `cold`: the invocation had to wait for this sandbox's initialisation. */
  invoke(invocation: Invocation, cold: boolean): void {
    this.#invocation = invocation;
    this.#cold = cold;
    this.#log(startLine(invocation.requestId, this.#assignment.functionVersion));
    this.#timer.refresh();
    if (this.#frozen) this.#signal("SIGCONT");
    this.#frozen = false;
    this.#invokedAt = performance.now();
    this.#sandbox.send(
      encodeInvoke(invocation.requestId, Date.now() + this.#timeoutMs, invocation.payload, invocation.extras),
    );
  }

  /**
   * Its next invocation runs this code, in the same process. One that cannot do that is `retired` from now on.
   *
   * @returns whether it takes the code, as far as that is known yet
   */
  swap(code: NewCode): boolean {
    this.#newCode = code;
    if (this.#takesCode === undefined) return false;
    this.#swaps += 1;
    this.#swappedBytes += code.bytes;
    const isRoom = this.#swappedBytes <= this.#assignment.memoryMb * MIB * MAX_SWAPPED_SHARE;
    this.retired ||= !this.#takesCode || this.#swaps > MAX_SWAPS || !isRoom;
    if (!this.retired) this.#sandbox.send(encodeText(SWAP, JSON.stringify({ taskRoot: code.taskRoot })));
    return !this.retired;
  }

  /** Ends it now; an invocation in flight fails. */
  kill(): void {
    this.#sandbox.kill();
  }

  /** Called now and then while it works. Kills it above its limit. */
  noteMemory(memoryMb: number): void {
    if (memoryMb > this.#maxMemoryMb) this.#maxMemoryMb = memoryMb;
    if (memoryMb <= this.#assignment.memoryMb) return;
    this.#outOfMemory = true;
    this.kill();
  }

  /** Called now and then while it works. Kills it above its limit. */
  noteTemporary(bytes: number): void {
    if (bytes <= this.#ephemeralMb * MIB) return;
    this.#overfullMb = Math.ceil(bytes / MIB);
    this.kill();
  }

  /** To all its processes. */
  #signal(signal: NodeJS.Signals): void {
    try {
      process.kill(-this.pid, signal);
    } catch {
      // It has just ended.
    }
  }

  onFrame(type: number, body: Buffer): void {
    if (type === INITIALISED) this.#initialised(body.toString() === TAKES_CODE);
    else if (type === INIT_FAILED)
      this.#initFailed(() => ({ kind: "failure", body }), `error\tError Type: ${errorType(body)}`);
    else if (type === RESULT) this.#finish(checkSize(body), undefined);
    else if (type === FAILURE || type === FATAL_FAILURE) this.#failed(type, body);
    else if (type === STREAM_START || type === STREAM_CHUNK || type === STREAM_END) this.#streamed(type, body);
    else if (type === BAD_PAYLOAD) this.#finish({ kind: "bad-payload", message: body.toString() }, undefined);
    else this.kill();
  }

  onOutput(text: string): void {
    if (text.includes("JavaScript heap out of memory")) this.#outOfMemory = true;
    this.#log(text);
  }

  onExit({ code, signal, problem }: SandboxExit): void {
    clearTimeout(this.#timer);
    // Or it would be given what waits for a sandbox, and nobody would ever answer that.
    this.retired = true;
    if (problem !== undefined) {
      this.#initFailed(() => unavailable(problem), "error\tError Type: Runtime.StartError");
      return;
    }
    if (this.#invocation) {
      this.#finish(this.#exitOutcome(this.#invocation.requestId, code, signal), "error\tError Type: Runtime.ExitError");
    }
    if (this.#initMs === undefined)
      this.#initFailed((id) => this.#exitOutcome(id, code, signal), "error\tError Type: Runtime.ExitError");
    else this.#leave(undefined);
  }

  #failed(type: number, body: Buffer): void {
    if (type === FATAL_FAILURE) this.retired = true;
    this.#finish({ kind: "failure", body }, undefined);
  }

  #streamed(type: number, body: Buffer): void {
    const invocation = this.#invocation;
    if (!invocation) return this.kill();
    const { sink } = invocation;
    if (type === STREAM_START) sink?.start(body.toString());
    else if (type === STREAM_END) this.#endStream(body);
    else if (!sink) this.#keep(body);
    else if (!sink.write(body)) {
      this.#sandbox.pause();
      sink.onDrain(() => this.#sandbox.resume());
    }
  }

  /** More than may be returned is not kept, only counted. */
  #keep(body: Buffer): void {
    if (this.#streamedBytes <= MAX_RESULT_BYTES) this.#pieces.push(body);
    this.#streamedBytes += body.length;
  }

  #endStream(failure: Buffer): void {
    const whole = Buffer.concat(this.#pieces.splice(0));
    this.#streamedBytes = 0;
    this.#finish(failure.length > 0 ? { kind: "failure", body: failure } : checkSize(whole), undefined);
  }

  #initialised(takesCode: boolean): void {
    if (this.#initMs !== undefined) return this.kill();
    this.#takesCode = takesCode;
    if (this.#newCode) this.swap(this.#newCode);
    this.#initMs = performance.now() - this.#startedAt;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#timedOut(), this.#timeoutMs);
    this.#becomeFree();
  }

  #initFailed(outcome: InitProblem["outcome"], status: string): void {
    if (this.#gone) return;
    const initMs = performance.now() - this.#startedAt;
    this.#log(`INIT_REPORT Init Duration: ${initMs.toFixed(2)} ms\tPhase: init\tStatus: ${status}\n`);
    this.kill();
    this.#leave({ log: this.#initLog, outcome });
  }

  #initTimedOut(): void {
    const text = timeoutText(INIT_TIMEOUT_MS);
    this.#initFailed((id) => failure("Sandbox.Timedout", `RequestId: ${id} Error: ${text}`), "timeout");
  }

  #timedOut(): void {
    const invocation = this.#invocation;
    if (!invocation) return;
    const text = timeoutText(this.#timeoutMs);
    this.#log(`${new Date().toISOString()} ${invocation.requestId} ${text}\n\n`);
    this.kill();
    this.retired = true;
    this.#finish(failure("Sandbox.Timedout", `RequestId: ${invocation.requestId} Error: ${text}`), "timeout");
  }

  #finish(outcome: Outcome, status: string | undefined): void {
    const invocation = this.#invocation;
    if (!invocation) return this.kill();
    const durationMs = performance.now() - this.#invokedAt;
    if (this.#maxMemoryMb === 0) this.#maxMemoryMb = ownMemoryMb(this.pid) ?? 0;
    const { memoryMb } = this.#assignment;
    this.#log(
      endLines({
        requestId: invocation.requestId,
        durationMs,
        memoryMb,
        maxMemoryMb: this.#outOfMemory ? memoryMb : Math.ceil(this.#maxMemoryMb),
        initMs: this.#cold ? this.#initMs : undefined,
        status,
      }),
    );
    this.#invocation = undefined;
    const alias = aliasOf(invocation);
    this.#owner.measured({ durationMs, failed: outcome.kind === "failure", cold: this.#cold, alias });
    invocation.finish(outcome);
    this.#becomeFree();
  }

  #becomeFree(): void {
    if (this.#gone) return;
    if (this.retired) {
      this.kill();
      this.#leave(undefined);
      return;
    }
    this.freeSince = performance.now();
    this.#owner.onFree(this);
    if (this.#freeze && !this.working && !this.#gone) {
      this.#frozen = true;
      this.#signal("SIGSTOP");
    }
  }

  #leave(initProblem: InitProblem | undefined): void {
    if (this.#gone) return;
    this.#gone = true;
    clearTimeout(this.#timer);
    this.#owner.onGone(this, initProblem);
  }

  #log(text: string): void {
    this.#owner.log(text, this.#assignment.logStreamName);
    const invocation = this.#invocation;
    if (this.#initMs === undefined) this.#initLog = appendToTail(this.#initLog, text);
    else if (invocation?.tail !== undefined) invocation.tail = appendToTail(invocation.tail, text);
  }

  #exitOutcome(requestId: string, code: number | null, signal: NodeJS.Signals | null): Outcome {
    const reason =
      this.#overfullMb === undefined
        ? exitReason(this.#outOfMemory, code, signal)
        : `No space left on device: ${this.#overfullMb} MB in /tmp, of ${this.#ephemeralMb} MB ephemeral storage`;
    return failure("Runtime.ExitError", `RequestId: ${requestId} Error: ${reason}`);
  }
}

/** Only an alias is named in the ARN of an invocation. */
export function aliasOf({ extras }: Invocation): string | undefined {
  return extras?.invokedFunctionArn?.slice(extras.invokedFunctionArn.lastIndexOf(":") + 1);
}

function exitReason(outOfMemory: boolean, code: number | null, signal: NodeJS.Signals | null): string {
  if (outOfMemory || signal === "SIGKILL") return "Runtime exited with error: signal: killed";
  if (signal !== null) return `Runtime exited with error: signal: ${signalTexts[signal] ?? signal}`;
  return code === 0 ? "Runtime exited without providing a reason" : `Runtime exited with error: exit status ${code}`;
}

/** As Go's os package, which Lambda's supervisor is written in, names them. */
const signalTexts: Partial<Record<NodeJS.Signals, string>> = {
  SIGABRT: "aborted",
  SIGSEGV: "segmentation fault",
  SIGTERM: "terminated",
  SIGTRAP: "trace/breakpoint trap",
};

function timeoutText(timeoutMs: number): string {
  return `Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`;
}

function checkSize(body: Buffer): Outcome {
  if (body.length <= MAX_RESULT_BYTES) return { kind: "result", body };
  return failure(
    "Function.ResponseSizeTooLarge",
    `Response payload size exceeded maximum allowed payload size (${MAX_RESULT_BYTES} bytes).`,
  );
}

function errorType(body: Buffer): string {
  return (JSON.parse(body.toString()) as { errorType: string }).errorType;
}
