import type { Range0 } from "./positions.ts";

/**
 * What becomes of a function (DESIGN: one vocabulary for all languages).
 *
 * `pure`: nothing but its parameters goes in, nothing but its result comes out · `effects`: it also
 * prints, reads the clock, the network, files … · `stateful`: it reads or writes module or instance
 * state that changes · `local`: it must stay, `reasons` say why · `entry`: an entry point or test,
 * never transformed.
 */
export type Verdict = "pure" | "effects" | "stateful" | "local" | "entry";

/** Can a function with this verdict be deployed? */
export function canMove(verdict: Verdict): boolean {
  return verdict !== "local" && verdict !== "entry";
}

export interface Reason {
  /** One sentence without a trailing dot. */
  readonly message: string;
  /** From 1, in the function's own file. */
  readonly line: number;
  /** `cost`: the function can move, but each remote call costs more than it saves. */
  readonly about?: "cost";
}

export interface Parameter {
  /** The name, or for a destructured parameter its text (`{ width, height }`). */
  readonly name: string;
  /** The type as TypeScript prints it; `any` in plain JavaScript without annotations. */
  readonly type: string;
  /** May be left out: has `?`, a default, or is a rest parameter. */
  readonly optional: boolean;
  readonly rest: boolean;
}

/** A binding outside the function that it reaches: of a module, or (`local`) of the function around it. */
export interface Capture {
  readonly name: string;
  readonly kind: "const" | "let" | "function" | "class" | "import" | "enum" | "local";
  /** Where it is declared: absolute path, or the package name of an import from node_modules or Node itself. */
  readonly from: string;
  /** From 1; absent where `from` is a package. */
  readonly line?: number;
}

export interface Call {
  /** As written: `helper`, `fs.readFileSync`, `console.log`. */
  readonly callee: string;
  readonly kind: "internal" | "io" | "other";
  /** From 1. */
  readonly line: number;
}

/**
 * What a function does besides computing its result. One vocabulary for all languages:
 *
 * - `arguments`: changes what its arguments hold; the changes travel back to the caller's objects
 * - `console`: writes to standard output or error, by whatever means; replayed at the caller
 * - `environment`: reads environment variables; those with constant names travel with the call
 * - `files`: reads or writes files of the machine it runs on
 * - `network`, `timers`: left as they are
 * - `random`, `time`: gives another result each time; left as they are, sources of nondeterminism
 * - `process`: asks about the process or machine it runs on (`process.pid`, `os.cpus()`), which is another one
 * - `state`: reads or changes variables that outlive a call; see {@link FunctionModel.state}
 * - `argv`, `child-process`, `cwd`, `exit`, `listens`, `signals`, `stdin`: needs the program's own process: its
 *   arguments, its children, its working folder, its end, its ports, its events, its input. Forbids the move unless
 *   allowed by a directive; so do `files` and changes of the environment
 */
export type Effect =
  | "argv"
  | "arguments"
  | "child-process"
  | "console"
  | "cwd"
  | "environment"
  | "exit"
  | "files"
  | "listens"
  | "network"
  | "process"
  | "random"
  | "signals"
  | "state"
  | "stdin"
  | "time"
  | "timers";

/** One place that has an effect. */
export interface EffectUse {
  readonly effect: Effect;
  /** As written: `fs.readFileSync`, `process.env.HOME`. */
  readonly what: string;
  /** From 1, in the function's own file: where it does this, or where it gets to the code that does. */
  readonly line: number;
  /** Functions and variables between the function and that code; empty for its own code. */
  readonly through: readonly string[];
  /** Only for `files` and `environment`. */
  readonly access?: "read" | "write";
  /** When a variable gets its value, rather than when the function is called. */
  readonly whileLoading?: true;
}

/**
 * A module variable that the function uses and that changes while the program runs.
 *
 * `travelling`: sent with the call and written back · `pinned`: each sandbox has its own, by the user's wish ·
 * `refused`: it cannot be sent, so the function stays.
 */
export interface StateVariable {
  readonly name: string;
  /** Absolute path of the file that declares it. */
  readonly file: string;
  /** From 1, of its declaration. */
  readonly line: number;
  readonly treatment: "travelling" | "pinned" | "refused";
  /** The function itself, or what it calls, may change it. False: only other code does, so it travels in only. */
  readonly writes: boolean;
  /** Why it is state, and why it is refused where it is. One sentence without a subject: "is changed at a.ts:2". */
  readonly reason: string;
}

/** What a directive may allow although it forbids the move by default: what the function needs is there, says the user. */
export const allowances = [
  "argv",
  "child-process",
  "cwd",
  "environment",
  "exit",
  "files",
  "listen",
  "signals",
  "stdin",
] as const;

export type Allowance = (typeof allowances)[number];

/** Of the machines that functions run on, as AWS Lambda names them. */
export const architectures = ["x86_64", "arm64"] as const;

export type Architecture = (typeof architectures)[number];

/** Who may call a function's address for plain HTTP: callers with rights, or everybody. */
export const urlAccesses = ["iam", "public"] as const;

export type UrlAccess = (typeof urlAccesses)[number];

/** What the user asks for in a comment above the function: `// @faasify memory=512 timeout=30 state=pinned`. */
export interface Directive {
  /** From 1, of the comment. */
  readonly line: number;
  readonly memoryMb?: number;
  readonly timeoutMs?: number;
  /** Name of a deployment target. */
  readonly target?: string;
  readonly architecture?: Architecture;
  readonly url?: UrlAccess;
  readonly state?: "travelling" | "pinned";
  readonly allow: readonly Allowance[];
  /** `local`: never move it. `remote`: it is meant to move, so it is a problem when it cannot. */
  readonly place?: "local" | "remote";
}

/** Fields of `this` that a method uses, also through the methods it calls. They travel with the instance. */
export interface InstanceUse {
  readonly className: string;
  /** Names without `this.`, private ones with `#`; sorted. */
  readonly reads: readonly string[];
  readonly writes: readonly string[];
}

/**
 * What one call costs, by the look of the code. `trivial`: no loop, no recursion, no call besides arithmetic, so less
 * than any remote call · `small`: no loop and no recursion · `unknown`.
 */
export type Cost = "trivial" | "small" | "unknown";

/** What analysis knows of one function. All of it is data: it crosses process borders as JSON. */
export interface FunctionModel {
  /** Absolute path of the source file. */
  readonly file: string;
  /** As in {@link FunctionRef}. */
  readonly name: string;
  readonly kind: "function" | "arrow" | "method" | "static-method";
  /** The whole definition, without leading comments. */
  readonly range: Range0;
  /** The name (or the `function` keyword of a nameless default export). */
  readonly nameRange: Range0;
  readonly exported: boolean;
  readonly async: boolean;
  readonly parameters: readonly Parameter[];
  readonly returnType: string;
  /** `lambda`: already a handler `(event, context)`, deployed as it is. */
  readonly convention: "plain" | "lambda";
  readonly captures: readonly Capture[];
  readonly calls: readonly Call[];
  readonly effects: readonly Effect[];
  /** Every place that has an effect of {@link effects}, besides `arguments` and `state`. */
  readonly effectUses: readonly EffectUse[];
  /** Of module variables. What a method does with its instance is in {@link instance}. */
  readonly state: readonly StateVariable[];
  /** Only for `kind: "method"` that uses `this`. */
  readonly instance?: InstanceUse;
  /** Names of the environment variables that it reads by constant names; absent for none. */
  readonly environment?: readonly string[];
  /** Absent for none. */
  readonly assets?: readonly AssetUse[];
  readonly directive?: Directive;
  readonly cost: Cost;
  /**
   * Nothing keeps it here but what crosses only while its caller waits for it: it takes callbacks, is a generator, or gives
   * out functions, iterators or streams. It moves in a decomposed program, which talks with it while it runs. `makes`: all
   * there is to it is that it gives out functions of its own.
   */
  readonly converses?: "talks" | "makes";
  readonly verdict: Verdict;
  readonly reasons: readonly Reason[];
}

/** A file or folder that a function reads by a constant path: it travels along. */
export interface AssetUse {
  /** Absolute path. */
  readonly file: string;
  /** From 1, in the function's own file. */
  readonly line: number;
}

/** Something wrong with a file: it does not parse, cannot be read, has a directive that means nothing. */
export interface Problem {
  readonly file: string;
  readonly message: string;
  /** From 1. */
  readonly line: number;
}

/** Analysis never fails: code that does not parse yields fewer functions and a problem. */
export interface FileAnalysis {
  readonly file: string;
  readonly functions: readonly FunctionModel[];
  readonly problems: readonly Problem[];
}
