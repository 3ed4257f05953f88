import { FaasifyError } from "./errors.ts";

/** Names a function of the user's source. */
export interface FunctionRef {
  /** Absolute path of the source file, with the platform's separators. */
  readonly file: string;
  /** `resize`, `Class.method`, `outer.inner` or `default`. */
  readonly name: string;
}

/** `/abs/src/resize.ts#resize`: how a function is written on the command line and in launch configurations. */
export function formatFunctionRef({ file, name }: FunctionRef): string {
  return `${file}#${name}`;
}

/**
 * Splits `path#name`. The path is returned as given: the caller resolves it.
 *
 * @throws FaasifyError `wrong-usage` if there is no `#`, or nothing before or behind it
 */
export function parseFunctionRef(text: string): FunctionRef {
  const hash = text.lastIndexOf("#");
  if (hash <= 0 || hash === text.length - 1) {
    throw new FaasifyError("wrong-usage", `"${text}" does not name a function`, {
      remedy: "Name a function as path/to/file.ts#name",
    });
  }
  return { file: text.slice(0, hash), name: text.slice(hash + 1) };
}
