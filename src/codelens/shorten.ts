/** Fits a text into a line of at most `length` UTF-16 units: white space collapses, the end gives way to an ellipsis. */
export function shorten(text: string, length: number): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  if (line.length <= length) return line;
  const cut = line.slice(0, length - 1);
  // Half of a surrogate pair would be shown as a replacement character.
  return `${/[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut}…`;
}
