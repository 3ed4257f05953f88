/** The name of an extracted function. Pure: works on the texts that TypeScript's refactoring puts in. */

/** Part of `vscode.l10n`. */
interface Localizer {
  t(message: string, ...values: string[]): string;
}

/** What TypeScript calls a function or method that it extracts, with a number where the name is taken. */
const made = /(?:function\s*\*?|private|static|async|\*|^)\s*((?:newFunction|newMethod)(?:_\d+)?)\s*[(<]/m;

/** The name that was made up; undefined when the texts declare no function. */
export function newFunctionName(texts: readonly string[]): string | undefined {
  const declaration = texts.find((text) => /\{[\s\S]*\}/.test(text) && made.test(text));
  return declaration === undefined ? undefined : made.exec(declaration)?.[1];
}

/** Gives the function another name where it is declared and called. */
export function renamed(texts: readonly string[], from: string, to: string): readonly string[] {
  const uses = new RegExp(String.raw`(?<![\w$])${from}(?=\s*[(<])`, "g");
  return texts.map((text) => text.replaceAll(uses, to));
}

/** What is wrong with a name; undefined when it will do. */
export function validateName(name: string, fileText: string, l10n: Localizer): string | undefined {
  if (!/^[A-Za-z_$][\w$]*$/.test(name) || reserved.has(name)) return l10n.t("“{0}” is no name of a function", name);
  const isUsed = new RegExp(String.raw`(?<![\w$])${name.replaceAll("$", String.raw`\$`)}(?![\w$])`).test(fileText);
  return isUsed ? l10n.t("“{0}” is in use in this file already", name) : undefined;
}

const reserved = new Set(
  (
    "arguments await break case catch class const continue debugger default delete do else enum eval export extends " +
    "false finally for function if implements import in instanceof interface let new null package private protected " +
    "public return static super switch this throw true try typeof var void while with yield"
  ).split(" "),
);
