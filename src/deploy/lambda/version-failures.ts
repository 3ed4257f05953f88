/** What can go wrong with versions and aliases, and how the messages of a Lambda API tell it. */
import { FaasifyError } from "../../core/errors.ts";

export function versionConflict(message: string): FaasifyError {
  return new FaasifyError("version-conflict", message, { remedy: "Look at what is there now, and do it again" });
}

export function versionNotFound(name: string, version: string): FaasifyError {
  return new FaasifyError("version-not-found", `${name} has no version or alias ${version}`, {
    remedy: "Use one that is there: published versions have numbers",
  });
}

/** `Function not found: arn:…:function:NAME:9`: the function may be there, but not its version 9. */
export function missingQualifier(message: string): string | undefined {
  return /:function:[^:\s]+:([^:\s]+)/.exec(message)?.[1];
}

/** `Cannot find alias arn: arn:…:function:NAME:live` */
export const isAboutAlias = (message: string): boolean => message.startsWith("Cannot find alias");
