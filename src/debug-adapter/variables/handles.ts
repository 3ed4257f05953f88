/** `variablesReference`s and frame ids. Those of a paused sandbox end when it resumes; a session never reuses one. */
import type { Protocol } from "devtools-protocol";
import type { SnapshotVariable } from "../../protocol/launch-configuration.ts";
import type { Sandbox } from "../sandbox.ts";

/** Something that can be expanded. */
export interface Container {
  readonly sandbox: Sandbox;
  /** Undefined when `extras` are all there is. */
  readonly objectId: string | undefined;
  /** Its traps are the user's code: it is looked into by V8 only. */
  readonly isProxy?: boolean;
  /** The first member shown, when those before it were shown elsewhere. */
  readonly from?: number;
  /** What to write in front of a member to reach it; undefined where no expression reaches it. */
  readonly expression: string | undefined;
  /** The frame that `expression` is meant in. */
  readonly frame?: Protocol.Debugger.CallFrame | undefined;
  /** For prototypes: the object whose getters they hold. */
  readonly receiver?: string | undefined;
  /** The one member that is a getter, not read yet. */
  readonly getter?: string;
  /** Of a module's scope: name in the source → name in the bundle, where they differ. */
  readonly names?: ReadonlyMap<string, string> | undefined;
  /** Set for scopes: which of the frame's scope chain. */
  readonly scopeNumber?: number;
  /** Of a function's body, which V8 may tell from its parameters: the parameters' scope, shown with it as one. */
  readonly parameters?: Container;
  /** All there is: the variables of a snapshot. */
  readonly fixed?: readonly SnapshotVariable[];
  /** Shown in front of the members: `this`, the return value. */
  readonly extras?: readonly NamedValue[];
}

export interface NamedValue {
  readonly name: string;
  readonly value: Protocol.Runtime.RemoteObject;
}

export interface FrameHandle {
  readonly sandbox: Sandbox;
  readonly frame: Protocol.Debugger.CallFrame;
}

/** How long a handle lives: until the sandbox resumes, or as long as the session (console output). */
export type Lifetime = "pause" | "session";

export interface Handles {
  container(reference: number): Container | undefined;
  addContainer(container: Container, lifetime: Lifetime): number;
  frame(id: number): FrameHandle | undefined;
  addFrame(frame: FrameHandle): number;
  /** An id for something that cannot be looked up. */
  reserve(): number;
  /** The sandbox runs on, or is gone. */
  dropPaused(sandbox: Sandbox): void;
}

export function createHandles(): Handles {
  const containers = new Map<number, { readonly value: Container; readonly lifetime: Lifetime }>();
  const frames = new Map<number, FrameHandle>();
  let lastId = 0;
  return {
    container: (reference) => containers.get(reference)?.value,
    addContainer(value, lifetime) {
      containers.set(++lastId, { value, lifetime });
      return lastId;
    },
    frame: (id) => frames.get(id),
    addFrame(frame) {
      frames.set(++lastId, frame);
      return lastId;
    },
    reserve: () => ++lastId,
    dropPaused(sandbox) {
      for (const [id, { value, lifetime }] of containers) {
        if (value.sandbox === sandbox && lifetime === "pause") containers.delete(id);
      }
      for (const [id, frame] of frames) if (frame.sandbox === sandbox) frames.delete(id);
    },
  };
}
