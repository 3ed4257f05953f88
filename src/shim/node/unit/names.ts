/** The variables and classes that the unit's files have told of (transform/unit-exports.ts). */
import {
  REGISTRY,
  RegisteredClasses,
  type RegisteredNames,
  type StateAccess,
} from "../../../protocol/registered-names.ts";

const classes = new RegisteredClasses();
const state = new Map<string, StateAccess>();
let taken = 0;

/** Files that are loaded late tell late: each call asks again. */
export function unitNames(): { readonly classes: RegisteredClasses; readonly state: ReadonlyMap<string, StateAccess> } {
  const registered = (globalThis as { readonly [REGISTRY]?: readonly RegisteredNames[] })[REGISTRY] ?? [];
  for (; taken < registered.length; taken += 1) {
    const names = registered[taken];
    if (!names) continue;
    classes.add(names.classes);
    for (const [id, access] of Object.entries(names.state)) state.set(id, access);
  }
  return { classes, state };
}
