/** What a session wants of V8 and of the shim in every one of its sandboxes. */
import type { Protocol } from "devtools-protocol";
import { SENSITIVE_WORDS } from "../protocol/sensitive-names.ts";
import type { ShimSettings } from "../protocol/shim-commands.ts";
import type { Debuggee } from "./debuggee.ts";

export function shimSettings({ configuration, exceptionFilters }: Debuggee): ShimSettings {
  const [caught, uncaught] = [exceptionFilters.get("caught"), exceptionFilters.get("uncaught")];
  return {
    redact: configuration?.redact ?? SENSITIVE_WORDS,
    exceptionConditions: { ...(caught ? { caught } : {}), ...(uncaught ? { uncaught } : {}) },
  };
}

export function exceptionState({ exceptionFilters }: Debuggee): Protocol.Debugger.SetPauseOnExceptionsRequest["state"] {
  if (exceptionFilters.has("caught")) return exceptionFilters.has("uncaught") ? "all" : "caught";
  return exceptionFilters.has("uncaught") ? "uncaught" : "none";
}
