/** Why TypeScript's “Extract to function” is not offered for a selection. Needs nothing but the file's own text. */
import { ts } from "ts-morph";

export interface Selection {
  /** Its ending decides the language. */
  readonly file: string;
  readonly text: string;
  /** Offsets, the end excluded. */
  readonly start: number;
  readonly end: number;
}

const KIND = "refactor.extract.function";

/** TypeScript's own words without a trailing dot; undefined where it can extract. */
export function extractionRefusal({ file, text, start, end }: Selection): string | undefined {
  const service = ts.createLanguageService(hostOf(file, text), undefined, ts.LanguageServiceMode.Semantic);
  try {
    const refactors = service.getApplicableRefactors(
      file,
      { pos: start, end },
      { provideRefactorNotApplicableReason: true },
      "invoked",
      KIND,
    );
    const actions = refactors.flatMap((refactor) => refactor.actions).filter(({ kind }) => kind === KIND);
    if (actions.some(({ notApplicableReason }) => notApplicableReason === undefined)) return undefined;
    const [first] = actions;
    return (first?.notApplicableReason ?? "TypeScript sees no whole statements or expression in it").replace(/\.$/, "");
  } finally {
    service.dispose();
  }
}

/** One file and nothing else: neither libraries nor imports change what can be extracted. */
function hostOf(file: string, text: string): ts.LanguageServiceHost {
  return {
    getCompilationSettings: () => ({
      allowJs: true,
      noLib: true,
      noResolve: true,
      target: ts.ScriptTarget.Latest,
      jsx: ts.JsxEmit.Preserve,
    }),
    getScriptFileNames: () => [file],
    getScriptVersion: () => "1",
    getScriptSnapshot: (name) => (name === file ? ts.ScriptSnapshot.fromString(text) : undefined),
    getCurrentDirectory: () => "/",
    getDefaultLibFileName: () => "lib.d.ts",
    fileExists: (name) => name === file,
    readFile: (name) => (name === file ? text : undefined),
  };
}
