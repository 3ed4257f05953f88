/** Comments and the contents of strings become blanks of the same length, so that offsets stay. */
export function blankNonCode(text: string): string {
  return text.replace(
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\[\s\S]|[^`\\])*`/g,
    (whole) => whole.replace(/[^\n]/g, " "),
  );
}
