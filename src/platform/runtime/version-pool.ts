/** The sandboxes of one version of one function, and the invocations that wait for one. */
import { appendToTail, notStarted, type Invocation } from "./invocation.ts";
import {
  aliasOf,
  LiveSandbox,
  type InitProblem,
  type Measured,
  type NewCode,
  type SandboxOwner,
} from "./live-sandbox.ts";

/** So many sandboxes start, and work at once, without hesitation. */
const UNHESITATING = 4;
/**
 * Beyond them an invocation first waits so long for one that works: a quick function is served faster
 * by few warm processes than by many, and a cold start takes longer than this. In milliseconds.
 */
const PATIENCE_MS = 20;
/** A function is quick when its invocations typically take less, in milliseconds. */
const QUICK_MS = 2;
/** Weight of the latest duration in the typical one. */
const LEARNING_RATE = 1 / 16;

export interface VersionPoolHost {
  /** Makes a sandbox and begins its initialisation; undefined when the machine has no room for one that is not `needed`. */
  start(owner: SandboxOwner, needed: boolean): LiveSandbox | undefined;
  log(text: string, stream: string): void;
  measured(measured: Measured): void;
  /** Once per sandbox that was started. */
  onGone(sandbox: LiveSandbox): void;
}

export class VersionPool implements SandboxOwner {
  readonly #host: VersionPoolHost;
  /** Latest first out: the others may expire. */
  readonly #free: LiveSandbox[] = [];
  readonly #all = new Set<LiveSandbox>();
  readonly #initialising = new Set<LiveSandbox>();
  readonly #waiting: Invocation[] = [];
  #growing = false;
  /** Undefined before the first invocation has ended. */
  #typicalMs: number | undefined;
  #retired = false;

  constructor(host: VersionPoolHost) {
    this.#host = host;
  }

  /** Runs it in a free sandbox, or in the first that becomes free or ready. */
  invoke(invocation: Invocation): void {
    const sandbox = this.#isWorthWaiting() ? undefined : this.#free.pop();
    if (sandbox) {
      sandbox.invoke(invocation, false);
      return;
    }
    invocation.waitingSince = performance.now();
    this.#waiting.push(invocation);
    const hesitate = this.#all.size >= UNHESITATING && (this.#typicalMs ?? 0) < PATIENCE_MS;
    if (hesitate) this.#growLater();
    else if (this.#initialising.size < this.#waiting.length) this.#start();
  }

  /** Enough sandboxes work already, and one of them will be free in no time. */
  #isWorthWaiting(): boolean {
    const working = this.#all.size - this.#free.length - this.#initialising.size;
    return working >= UNHESITATING && this.#typicalMs !== undefined && this.#typicalMs < QUICK_MS;
  }

  /** No new invocations come: free sandboxes end now, the others when they have finished. */
  retire(): void {
    this.#retired = true;
    for (const sandbox of this.#all) {
      // One that is still initialising may be needed by an invocation that waits for it.
      if (!this.#initialising.has(sandbox)) sandbox.retired = true;
    }
    for (const sandbox of this.#free.splice(0)) sandbox.kill();
    this.#endUnneeded();
  }

  /**
   * The version has other code: sandboxes that can take it go on with it, the others end when they have finished.
   *
   * @returns how many go on
   */
  swap(code: NewCode): number {
    const taken = [...this.#all].filter((sandbox) => sandbox.swap(code)).length;
    const outdated = this.#free.filter(({ retired }) => retired);
    for (const sandbox of outdated) {
      this.#free.splice(this.#free.indexOf(sandbox), 1);
      sandbox.kill();
    }
    return taken;
  }

  /** Ends what has been free since before `time` (of `performance.now()`). */
  expire(time: number): void {
    while (this.#free[0] && this.#free[0].freeSince < time) this.#free.shift()?.kill();
  }

  /** Ends the sandbox that has been free for longest; false if none is free. */
  endOldestFree(): boolean {
    const oldest = this.#free.shift();
    oldest?.kill();
    return oldest !== undefined;
  }

  get oldestFreeSince(): number {
    return this.#free[0]?.freeSince ?? Number.POSITIVE_INFINITY;
  }

  onFree(sandbox: LiveSandbox): void {
    const cold = this.#initialising.delete(sandbox);
    const next = this.#waiting.shift();
    if (next) sandbox.invoke(next, cold);
    else if (this.#retired) sandbox.kill();
    else this.#free.push(sandbox);
  }

  onGone(sandbox: LiveSandbox, initProblem: InitProblem | undefined): void {
    this.#all.delete(sandbox);
    this.#initialising.delete(sandbox);
    const index = this.#free.indexOf(sandbox);
    if (index !== -1) this.#free.splice(index, 1);
    this.#host.onGone(sandbox);
    if (initProblem) this.#failNext(initProblem);
    if (this.#initialising.size < this.#waiting.length) this.#start();
  }

  log(text: string, stream: string): void {
    this.#host.log(text, stream);
  }

  measured(measured: Measured): void {
    const { durationMs } = measured;
    this.#typicalMs ??= durationMs;
    this.#typicalMs += (durationMs - this.#typicalMs) * LEARNING_RATE;
    this.#host.measured(measured);
  }

  /** Finds or starts a sandbox for every invocation that has waited long enough and has none on the way. */
  #grow(): void {
    this.#growing = false;
    const before = performance.now() - PATIENCE_MS;
    while (this.#free.length > 0 && this.#waiting[0] && this.#waiting[0].waitingSince <= before) {
      const invocation = this.#waiting.shift();
      if (invocation) this.#free.pop()?.invoke(invocation, false);
    }
    // While some are on their way, what waits may well be served before another one could be ready.
    const patient =
      this.#initialising.size > 0 ? [] : this.#waiting.filter(({ waitingSince }) => waitingSince <= before);
    for (const _ of patient) this.#start();
    if (this.#waiting.length > 0) this.#growLater();
  }

  #growLater(): void {
    if (this.#growing) return;
    this.#growing = true;
    setTimeout(() => this.#grow(), PATIENCE_MS);
  }

  #start(): void {
    let sandbox;
    try {
      sandbox = this.#host.start(this, this.#all.size === 0);
    } catch (error) {
      this.#failNext({ log: "", outcome: () => notStarted(error) });
      return;
    }
    // What waits is served by the sandboxes that there are.
    if (!sandbox) return;
    this.#all.add(sandbox);
    this.#initialising.add(sandbox);
  }

  #failNext(problem: InitProblem): void {
    const invocation = this.#waiting.shift();
    if (!invocation) return;
    this.#host.measured({ durationMs: 0, failed: true, cold: true, alias: aliasOf(invocation) });
    if (invocation.tail !== undefined) invocation.tail = appendToTail(invocation.tail, problem.log);
    invocation.finish(problem.outcome(invocation.requestId));
  }

  #endUnneeded(): void {
    if (this.#waiting.length > 0) return;
    for (const sandbox of this.#initialising) sandbox.kill();
  }
}
