/** The editor's names of the languages that FaaSify understands. */
export const languages: readonly string[] = ["typescript", "typescriptreact", "javascript", "javascriptreact"];
