/** The DAP session. Holds no debugging logic: routes.ts says who answers, and no handler needs a session to test. */
import { DebugSession, InitializedEvent, Response, TerminatedEvent } from "@vscode/debugadapter";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { describeError, FaasifyError } from "../core/errors.ts";
import { Cancelled } from "./cancelled.ts";
import { CdpError } from "./cdp/cdp-client.ts";
import type { DebugTarget } from "./debug-target.ts";
import { type AdapterOptions, createDebuggee, type Debuggee } from "./debuggee.ts";
import { launchInput } from "./handlers/custom.ts";
import { runToEnd } from "./invocations.ts";
import { end, parseConfiguration } from "./lifecycle.ts";
import { checkedArguments } from "./request-arguments.ts";
import { routes } from "./routes.ts";
import { resumeSession, takeSuspended } from "./suspended.ts";

/** Ids of DAP error messages: clients may tell foreseen failures from the rest. */
const FORESEEN = 1000;
const REFUSED = 1001;
const BUG = 1;

const lookingOnly = new Set([
  "breakpointLocations",
  "completions",
  "dataBreakpointInfo",
  "evaluate",
  "exceptionInfo",
  "loadedSources",
  "modules",
  "readMemory",
  "scopes",
  "source",
  "stackTrace",
  "stepInTargets",
  "variables",
]);

export class FaasifyDebugSession extends DebugSession {
  #debuggee: Debuggee;
  readonly #ended: () => void;
  /** The requests under way that may be given up, by their number. */
  readonly #cancellable = new Map<number, () => void>();

  /** @param ended - called once when the session is over and the function is as it was found */
  constructor(target: DebugTarget, options: AdapterOptions, ended: () => void) {
    super();
    this.#debuggee = createDebuggee(target, options, (event) => this.sendEvent(event));
    this.#ended = ended;
  }

  protected override dispatchRequest(request: DebugProtocol.Request): void {
    if (request.command === "cancel") this.#cancel(request);
    else void this.#answer(request);
  }

  /**
   * What only looks is given up at once. What changes something is not, nobody would know how far it had come: but for
   * what shows its progress, which can be undone.
   */
  #cancel(request: DebugProtocol.CancelRequest): void {
    const response = new Response(request);
    try {
      const { requestId, progressId } = checkedArguments("cancel", request.arguments) as DebugProtocol.CancelArguments;
      this.#cancellable.get(requestId ?? -1)?.();
      this.#debuggee.progresses.get(progressId ?? "")?.abort(new Cancelled());
      this.sendResponse(response);
    } catch (error) {
      this.sendErrorResponse(response, toDapError(error));
    }
  }

  /** The state of an earlier session of the same function, if its client left it suspended. */
  #adopt({ command, arguments: args }: DebugProtocol.Request): boolean {
    if (command !== "attach" && command !== "launch") return false;
    const held = takeSuspended(parseConfiguration(command, args), this.#debuggee);
    if (held) this.#debuggee = held;
    return held !== undefined;
  }

  /** The answer of a handler, or its cancellation, whichever comes first. */
  #run({ command, seq, arguments: args }: DebugProtocol.Request): Promise<unknown> {
    const route = routes.get(command);
    if (!route) throw new CdpError(`FaaSify's debugger does not know the request ${command}`);
    if (this.#adopt({ command, seq, arguments: args, type: "request" })) return resumeSession(this.#debuggee);
    this.#debuggee.expiry?.refresh();
    const work = Promise.resolve(route(this.#debuggee, checkedArguments(command, args) as never));
    if (!lookingOnly.has(command)) return work;
    const { promise: cancelled, reject } = Promise.withResolvers<never>();
    this.#cancellable.set(seq, () => reject(new Cancelled()));
    return Promise.race([work, cancelled]).finally(() => this.#cancellable.delete(seq));
  }

  /** The client is gone, or has got the answer to `disconnect`. */
  override shutdown(): void {
    if (this.#debuggee.isSuspended) this.#ended();
    else void end(this.#debuggee).then(this.#ended);
  }

  override dispose(): void {
    this.shutdown();
  }

  /** The one place where a handler's result or failure becomes a DAP response. */
  async #answer(request: DebugProtocol.Request): Promise<void> {
    const response: DebugProtocol.Response = new Response(request);
    try {
      const body = await this.#run(request);
      if (body !== undefined) response.body = body;
      this.sendResponse(response);
    } catch (error) {
      if (error instanceof Cancelled)
        this.sendResponse(Object.assign(response, { success: false, message: "cancelled", body: {} }));
      else this.sendErrorResponse(response, toDapError(error));
      return;
    }
    this.#follow(request.command);
  }

  /** What a request sets off once its response is on its way. */
  #follow(command: string): void {
    if (command === "initialize") this.sendEvent(new InitializedEvent());
    if (command === "launch") void this.#invokeWhenConfigured();
    if (command === "terminate") this.sendEvent(new TerminatedEvent());
    if (command === "disconnect") this.shutdown();
  }

  async #invokeWhenConfigured(): Promise<void> {
    const { configuration, configured } = this.#debuggee;
    const input = configuration && launchInput(configuration);
    await configured.passed;
    if (input && !this.#debuggee.ending) await runToEnd(this.#debuggee, input);
  }
}

/** `{` would begin a variable of DAP's message format. */
function toDapError(error: unknown): DebugProtocol.Message {
  const variables = { _text: describeError(error) };
  if (error instanceof FaasifyError) return { id: FORESEEN, format: "{_text}", variables, showUser: true };
  // V8's refusals answer what the user just typed: the client shows them in place.
  if (error instanceof CdpError) return { id: REFUSED, format: "{_text}", variables, showUser: false };
  const text = `Internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  return { id: BUG, format: "{_text}", variables: { _text: text }, showUser: false };
}
