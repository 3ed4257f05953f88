/**
 * A packaged function, as it lies on disk: same input, same bytes.
 *
 * The zip has `index.mjs` or `index.cjs` (the bundle) at its root, and with `debug` also the debug
 * shim. The source map is never deployed: it stays beside the zip, with absolute `sources`.
 */
export interface Artifact {
  /** Absolute path of the zip. */
  readonly zipPath: string;
  /** Absolute path of the bundle's source map (version 3, `sources` are absolute paths). */
  readonly sourceMapPath: string;
  /** What goes into the platform's `Handler`: `index.handler`, or `faasify-shim.handler` with the shim. */
  readonly handler: string;
  /** Of the zip, in bytes. */
  readonly bytes: number;
  /** Base64, as Lambda's `CodeSha256`. */
  readonly sha256: string;
  /** First 16 hex digits of the bundle's SHA-256: the shim reports it, the adapter finds the source map by it. */
  readonly buildId: string;
  readonly debug: boolean;
  /** Absolute paths of the source files that went in: a change of one makes the artifact stale. */
  readonly inputs: readonly string[];
  /** `lambda`: the function is a handler itself and takes an event, no FaaSify call. Absent means `plain`. */
  readonly convention?: "plain" | "lambda";
  /** Packages that are no part of the bundle but lie in the zip as `node_modules`. Absent means none. */
  readonly packages?: readonly ShippedPackage[];
  /** Paths in the zip of files that the function reads. Absent means none. */
  readonly assets?: readonly string[];
  /** Names of environment variables that the function reads by constant names. Absent means none. */
  readonly environment?: readonly string[];
}

export interface ShippedPackage {
  readonly name: string;
  readonly version: string;
  /** In the zip: `node_modules/a`, `node_modules/a/node_modules/b`. */
  readonly place: string;
  /** Of its files, before compression. */
  readonly bytes: number;
  /** Why it could not be bundled: "has a native addon". Absent: another one of these needs it. */
  readonly reason?: string;
}
