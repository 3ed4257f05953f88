/** Filter patterns of CloudWatch Logs for plain text: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html */
import { ServiceError } from "./service.ts";

/** Words and "phrases" must all occur, those with `-` must not, of those with `?` one is enough. @throws ServiceError */
export function parseFilterPattern(pattern: string): (message: string) => boolean {
  const trimmed = pattern.trim();
  if (/^[{[%]/.test(trimmed)) {
    throw new ServiceError(
      "InvalidParameterException",
      "This platform filters by words and phrases only, not by JSON, columns or regular expressions",
    );
  }
  const terms = Array.from(
    trimmed.matchAll(/([-?]?)(?:"((?:[^"\\]|\\.)*)"|(\S+))/g),
    ([, sign = "", phrase, word]) => ({
      sign,
      text: phrase?.replaceAll(/\\(.)/g, "$1") ?? word ?? "",
    }),
  );
  const of = (wanted: string): string[] => terms.filter(({ sign }) => sign === wanted).map(({ text }) => text);
  const [all, none, any] = [of(""), of("-"), of("?")];
  return (message) =>
    all.every((term) => message.includes(term)) &&
    !none.some((term) => message.includes(term)) &&
    (any.length === 0 || any.some((term) => message.includes(term)));
}
