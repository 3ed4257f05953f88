/**
 * The bundler renames: two files' `scale` become `scale` and `scale2`, an import's local name becomes the exported one.
 * What the user writes means the names of the source, what V8 knows are those of the bundle. Pure.
 */
import { blankNonCode } from "./blank-code.ts";

/** Name in the source → expression in the bundle, for one file. */
export type Renames = ReadonlyMap<string, string>;

/** One segment of the source map, with the texts that begin at its two ends. */
export interface Correspondence {
  readonly original: string;
  readonly generated: string;
}

const CHAIN = /^[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*/;
const NAME = /^[A-Za-z_$][\w$]*$/;
const KEYWORD =
  /^(?:async|await|break|case|catch|class|const|continue|default|delete|do|else|enum|export|extends|false|finally|for|function|if|import|in|instanceof|interface|let|new|null|return|static|super|switch|this|throw|true|try|type|typeof|undefined|var|void|while|yield)$/;

export interface FileNames {
  readonly renames: Renames;
  /** Names that the bundler also kept: somewhere in the file a local variable hides the renamed one. */
  readonly kept: ReadonlySet<string>;
}

/** A name that stands for several different ones of the bundle is left out: only its own scope knows which. */
export function findNames(correspondences: Iterable<Correspondence>): FileNames {
  const candidates = new Map<string, Set<string>>();
  const kept = new Set<string>();
  for (const { original, generated } of correspondences) {
    const [same] = chainOf(original);
    if (same !== undefined && same === chainOf(generated)[0]) kept.add(same);
    const pair = differingNames(original, generated);
    if (!pair) continue;
    const [name, expression] = pair;
    candidates.set(name, (candidates.get(name) ?? new Set()).add(expression));
  }
  const renames = new Map(
    [...candidates].flatMap(([name, expressions]): [string, string][] => {
      const [only, ...more] = expressions;
      return only !== undefined && more.length === 0 ? [[name, only]] : [];
    }),
  );
  return { renames, kept };
}

/** `legacy.scale` and `import_legacy.default.scale` → `legacy`, `import_legacy.default` */
function differingNames(original: string, generated: string): readonly [string, string] | undefined {
  const from = chainOf(original);
  const to = chainOf(generated);
  while (from.length > 1 && to.length > 0 && from.at(-1) === to.at(-1)) {
    from.pop();
    to.pop();
  }
  const [name, ...members] = from;
  const [first] = to;
  if (name === undefined || first === undefined || members.length > 0) return undefined;
  if (KEYWORD.test(name) || KEYWORD.test(first) || to.join(".") === name) return undefined;
  return [name, to.join(".")];
}

function chainOf(text: string): string[] {
  return CHAIN.exec(text)?.[0].split(".") ?? [];
}

/**
 * The same expression in the names of the bundle.
 *
 * @param isLocal - whether a name is one of the frame's own variables, which hide what is outside
 */
export function inBundleNames(expression: string, renames: Renames, isLocal: (name: string) => boolean): string {
  if (renames.size === 0) return expression;
  const code = blankNonCode(expression);
  return expression.replace(/[A-Za-z_$][\w$]*/g, (name, offset: number) => {
    const renamed = renames.get(name);
    const isCode = code.startsWith(name, offset);
    if (renamed === undefined || !isCode || isLocal(name) || isMember(code, offset, name)) return name;
    return renamed;
  });
}

/** Behind a dot, or the key in an object literal. */
function isMember(code: string, offset: number, name: string): boolean {
  const before = code.slice(0, offset);
  if (/(?:[\w$]|(?<!\.\.)\.\s*)$/.test(before)) return true;
  return /[{,]\s*$/.test(before) && /^\s*:/.test(code.slice(offset + name.length));
}

/** The name of the source for one of the bundle, where that is a plain one. */
export function inSourceNames(renames: Renames): Renames {
  return new Map(
    [...renames].flatMap(([name, renamed]): [string, string][] => (NAME.test(renamed) ? [[renamed, name]] : [])),
  );
}
