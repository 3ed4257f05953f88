import type { FileAnalysis } from "../core/function-model.ts";

/** What understands one family of languages. Implementations live in `<language>/`; analyzer.ts chooses by file name. */
export interface FrontEnd {
  /** Whether this front end understands the file, judged by its name alone. */
  handles(file: string): boolean;
  /** Never throws: what cannot be read or parsed is a problem in the result. */
  analyzeFile(file: string): FileAnalysis;
  /** The editor's unsaved text: it stands for what is on disk until {@link closeText}. */
  setText(file: string, text: string): void;
  closeText(file: string): void;
  /** Files analysed so far that import `file`, directly or through others. */
  dependants(file: string): readonly string[];
}
