/** What the suite writes for the process that started the editor: the file that FAASIFY_TEST_REPORT names. */
export interface SuiteReport {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Title and message of each failed test, and of each that passed at a second try only. */
  readonly failures: readonly string[];
  readonly retried: readonly string[];
}
