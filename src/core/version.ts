/** Replaced by scripts/build.ts with package.json's version; undefined when sources run unbundled, as in unit tests. */
declare const FAASIFY_VERSION: string | undefined;

export const version: string = typeof FAASIFY_VERSION === "string" ? FAASIFY_VERSION : "0.0.0-source";
