import { FaasifyError } from "../core/errors.ts";

/** The failure of a file with a syntax error. */
export function fileNotParsed(
  file: string,
  { message, line }: { readonly message: string; readonly line: number },
): FaasifyError {
  return new FaasifyError("file-not-parsed", `${file}:${line} does not parse: ${message}`, {
    remedy: "Correct the syntax error",
  });
}
