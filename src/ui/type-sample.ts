/** A value that fits a type as TypeScript prints it. Pure; a small reader of type syntax, no type checker. */

/** Returns a JSON value for `type`: `""` for `string`, `0` for `number`, `{"a":0}` for `{ a: number }`, `null` for what it cannot tell. */
export function sampleOfType(type: string): unknown {
  return new TypeReader(type).read();
}

const samples: Readonly<Record<string, unknown>> = {
  string: "",
  number: 0,
  boolean: false,
  true: true,
  false: false,
  null: null,
  undefined: null,
  any: null,
  unknown: null,
  object: {},
  Date: "2026-01-31T12:00:00.000Z",
  Object: {},
};

const lists = new Set(["Array", "ReadonlyArray", "Set", "ReadonlySet"]);
const wrappers = new Set(["Readonly", "Required", "NonNullable", "Promise", "Awaited"]);

/** Tokens: names with dots, strings, numbers, and single signs. */
const tokenPattern = /\s*([A-Za-z_$][\w$.]*|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|-?\d+(?:\.\d+)?|=>|\.\.\.|\S)/gy;

class TypeReader {
  readonly #tokens: readonly string[];
  #next = 0;

  constructor(text: string) {
    this.#tokens = Array.from(text.matchAll(tokenPattern), ([, token]) => token ?? "");
  }

  /** Of a union the first member that is not `null` or `undefined`; of an intersection all object members. */
  read(): unknown {
    this.#skip("|");
    let value = this.#intersection();
    while (this.#skip("|")) {
      const other = this.#intersection();
      value ??= other;
    }
    return value;
  }

  #intersection(): unknown {
    let value = this.#postfix();
    while (this.#skip("&")) {
      const other = this.#postfix();
      if (isRecord(value) && isRecord(other)) value = { ...value, ...other };
    }
    return value;
  }

  #postfix(): unknown {
    if (this.#skip("readonly")) return this.#postfix();
    let value = this.#primary();
    while (this.#peek() === "[") {
      this.#skip("[");
      if (!this.#skip("]")) {
        this.#readUntil("]");
        value = null;
      } else value = listOf(value);
    }
    return value;
  }

  #primary(): unknown {
    const token = this.#take();
    if (token === "{") return this.#object();
    if (token === "[") return this.#tuple();
    if (token === "(") return this.#parenthesis();
    if (/^["']/.test(token)) return unquote(token);
    if (/^-?\d/.test(token)) return Number(token);
    return this.#named(token);
  }

  #named(name: string): unknown {
    const inner: unknown[] = [];
    if (this.#skip("<")) {
      do inner.push(this.read());
      while (this.#skip(","));
      this.#skip(">");
    }
    if (lists.has(name)) return listOf(inner[0]);
    if (wrappers.has(name)) return inner[0] ?? null;
    return Object.hasOwn(samples, name) ? samples[name] : {};
  }

  #object(): unknown {
    const value: Record<string, unknown> = {};
    while (this.#peek() !== "}" && this.#peek() !== "") {
      this.#skip("readonly");
      const name = this.#take();
      if (name === "[") {
        // An index signature has no certain member.
        this.#readUntil("]");
        this.#skip(":");
        this.read();
      } else {
        const optional = this.#skip("?");
        this.#skip(":");
        const member = this.read();
        if (!optional) value[unquote(name)] = member;
      }
      if (!this.#skip(";") && !this.#skip(",") && this.#peek() !== "}") this.#readUntil("}");
    }
    this.#skip("}");
    return value;
  }

  #tuple(): unknown {
    const items: unknown[] = [];
    while (this.#peek() !== "]" && this.#peek() !== "") {
      const rest = this.#skip("...");
      const optional = this.#tokens[this.#next + 1] === "?";
      // `name: type` or `name?: type`.
      if (this.#tokens[this.#next + (optional ? 2 : 1)] === ":") this.#next += optional ? 3 : 2;
      const item = this.read();
      if (!rest && !optional) items.push(item);
      if (!this.#skip(",") && this.#peek() !== "]") this.#readUntil("]");
    }
    this.#skip("]");
    return items;
  }

  /** `(A | B)`, or the parameters of a function type, which has no JSON value. */
  #parenthesis(): unknown {
    const start = this.#next;
    this.#readUntil(")");
    if (this.#skip("=>")) {
      this.read();
      return null;
    }
    this.#next = start;
    const value = this.read();
    this.#skip(")");
    return value;
  }

  /** Steps behind the bracket that closes the present level. */
  #readUntil(close: string): void {
    for (let depth = 0; this.#next < this.#tokens.length;) {
      const token = this.#take();
      if (depth === 0 && token === close) return;
      if ("([{".includes(token)) depth += 1;
      else if (")]}".includes(token)) depth -= 1;
    }
  }

  #peek(): string {
    return this.#tokens[this.#next] ?? "";
  }

  #take(): string {
    return this.#tokens[this.#next++] ?? "";
  }

  #skip(token: string): boolean {
    if (this.#peek() !== token) return false;
    this.#next += 1;
    return true;
  }
}

function unquote(token: string): string {
  return /^["']/.test(token) ? token.slice(1, -1).replaceAll(/\\(.)/g, "$1") : token;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** One element, so that its shape is seen; none where nothing is known of it. */
function listOf(item: unknown): readonly unknown[] {
  const unknown = item === null || item === undefined || (isRecord(item) && Object.keys(item).length === 0);
  return unknown ? [] : [item];
}
