/**
 * A handler with a method of this name (`Symbol.for`) can load other code: it is told the absolute path of the unpacked code
 * between two invocations, and runs that from the next one on. The debug shim's is the only one.
 */
export const TAKE_CODE = "faasify.takeCode";
