/**
 * Commands that the shim serves itself. They travel as CDP commands do, in the same frames and in order with V8's;
 * a shim that does not know one answers as V8 does: method not found.
 */

/** `Faasify.configure`: what the session wants of the shim. Replaces what an earlier one said. */
export interface ShimSettings {
  /** Words that make a name a secret's; see sensitive-names.ts. */
  readonly redact: readonly string[];
  /** A pause at an exception is skipped unless this is true there; `error` is what was thrown. */
  readonly exceptionConditions: { readonly caught?: string; readonly uncaught?: string };
}

/**
 * `Faasify.getProperties`: the members of an object in one round trip however many it has, where V8's own command takes
 * seconds for 100,000 keys.
 */
export interface PropertiesRequest {
  readonly objectId: string;
  /** `all`: a page of elements, entries or keys, whichever the object has most of; `named`: no elements. */
  readonly kind: "all" | "elements" | "named";
  readonly start: number;
  readonly count: number;
  /** Its traps are the user's code: only V8 looks inside. */
  readonly isProxy: boolean;
}

/** Beside what V8's `Runtime.getProperties` answers. */
export interface PageFacts {
  /** How many elements, entries or keys there are, when they are more than were asked for. */
  readonly total?: number;
}

/** `Faasify.readGetter`: the user's code, with a time limit. */
export interface GetterRequest {
  readonly objectId: string;
  readonly name: string;
}

/** `Faasify.assign`: evaluates and assigns without the value leaving the function. */
export interface AssignRequest {
  readonly expression: string;
  /** Where it is evaluated; if undefined, in the topmost frame, or without a pause in the global scope. */
  readonly callFrameId?: string;
  readonly name: string;
  /** Which scope of the frame has the variable; undefined for a property of `objectId`. */
  readonly scopeNumber?: number;
  readonly objectId?: string;
}

/** `Faasify.abort`: ends the sandbox with the invocation in it, if that still runs. */
export interface AbortRequest {
  readonly requestId: string;
}
