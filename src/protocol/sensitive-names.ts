/**
 * What a debugger must not show: values whose names say that they are secrets. The shim redacts them before they leave
 * the function; the adapter asks the same question of what it writes into conditions and log messages.
 */

/** `redact` of a launch configuration, if it says nothing. Case and separators do not matter: `api key` is `apiKey` too. */
export const SENSITIVE_WORDS: readonly string[] = [
  "password",
  "passwd",
  "passphrase",
  "secret",
  "token",
  "authorization",
  "api key",
  "access key",
  "private key",
  "credential",
  "cookie",
  "session id",
];

/** What stands in a secret's place. */
export const REDACTED = "[redacted]";

export interface SensitiveNames {
  /** Whether a value of this name is a secret. */
  isSensitive(name: string): boolean;
  /** Whether an expression mentions such a name, as an identifier or in a string. */
  mentions(code: string): boolean;
  /** The same text without the values of what looks like `name=value`, `"name": "value"` or `name: Bearer value`. */
  cleanText(text: string): string;
  /** What `cleanText` looks for, as the source of a regular expression (flags `giu`); undefined when nothing is secret. */
  readonly pattern: string | undefined;
}

const NOTHING: SensitiveNames = {
  isSensitive: () => false,
  mentions: () => false,
  cleanText: (text) => text,
  pattern: undefined,
};

/** @param words - each hides every name that contains it; none hide nothing */
export function createSensitiveNames(words: readonly string[]): SensitiveNames {
  const plain = words.map(withoutSeparators).filter((word) => word !== "");
  if (plain.length === 0) return NOTHING;
  const assignment = assignmentPattern(words);
  const isSensitive = (name: string): boolean => {
    const bare = withoutSeparators(name);
    return plain.some((word) => bare.includes(word));
  };
  return {
    pattern: assignment.source,
    isSensitive,
    mentions: (code) => (code.match(/[\w$-]+/g) ?? []).some(isSensitive),
    cleanText: (text) => text.replace(assignment, (_, name: string, sign: string) => `${name}${sign}${REDACTED}`),
  };
}

function withoutSeparators(name: string): string {
  return name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, "");
}

/** A bounded stretch on either side of the word: a long text without any word must not cost its square. */
function assignmentPattern(words: readonly string[]): RegExp {
  const alternatives = words
    .map((word) => word.match(/[\p{L}\p{N}]+/gu) ?? [])
    .filter((parts) => parts.length > 0)
    .map((parts) => parts.join(String.raw`[\s_-]?`));
  const name = String.raw`["']?[\w.-]{0,40}(?:${alternatives.join("|")})[\w-]{0,40}["']?`;
  const quoted = String.raw`"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'`;
  return new RegExp(String.raw`(${name})(\s*[:=]\s*)(?:${quoted}|(?:Bearer|Basic)\s+\S+|[^\s,;&'"}\]]+)`, "giu");
}
