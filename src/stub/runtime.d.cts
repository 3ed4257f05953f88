// oxlint-disable typescript/no-explicit-any -- the program's own annotations say what it is
/** What the files of a decomposed program see of `.faasify/runtime.cjs`. */
interface RegisteredNames {
  readonly state: Readonly<Record<string, { get(): unknown; set?(value: any): void }>>;
  readonly classes: Readonly<Record<string, { get(): unknown; hidden?(): unknown; mixed?: boolean }>>;
}

interface Runtime {
  /** Makes known how this file's variables are read and set, and its classes. */
  names(ofFile: RegisteredNames): void;
  /** Runs a function where it is deployed, and gives what it returns. */
  call(
    key: string,
    args: ArrayLike<unknown>,
    self?: unknown,
    own?: (...args: any[]) => unknown,
    isHome?: boolean,
    captured?: Readonly<Record<string, { get(): unknown; set?(value: any): void }>>,
  ): any;
  /** The function that a value is, calling it where it is deployed; any other value as it is. */
  made<T>(key: string, value: T): T;
}

export declare const names: Runtime["names"];
export declare const call: Runtime["call"];
export declare const made: Runtime["made"];
declare const runtime: Runtime;
/** What compilers give that make CommonJS of `import x from`. */
// oxlint-disable-next-line import/no-default-export -- a compiler's, not ours
export default runtime;
