/** How the codec says no. */

/** A value cannot travel: nothing was sent, nothing was changed. */
export class ValueNotPortable extends Error {
  override readonly name = "ValueNotPortable";
  /** Where: `args[0].items[3].when`, `result.get("x")`. */
  readonly path: string;
  /** What is there, with its article: `a function`. */
  readonly what: string;

  constructor(path: string, what: string) {
    super(`${path} is ${what}, which cannot be sent`);
    this.path = path;
    this.what = what;
  }
}

/** What arrived is not what an encoder makes, or does not fit to this end. Nothing was changed. */
export class EncodedValueBroken extends Error {
  override readonly name = "EncodedValueBroken";

  constructor(problem: string, cause?: unknown) {
    super(`the encoded value is broken: ${problem}`, cause === undefined ? undefined : { cause });
  }
}

/** From the outside in: a property's key, or text that is a step as it stands (`.get("x")`). */
export type Step = string | symbol | number | { readonly text: string };

/** `.name`, `[3]`, `["two words"]`, `[Symbol(x)]`. */
export function stepText(step: Step): string {
  if (typeof step === "object") return step.text;
  if (typeof step === "symbol") return `[${String(step)}]`;
  if (typeof step === "number" || /^(?:0|[1-9]\d*)$/.test(step)) return `[${step}]`;
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
}

/** `a Money`, `an Error`. */
export function withArticle(name: string): string {
  return `${/^[AEIO]/i.test(name) ? "an" : "a"} ${name}`;
}
