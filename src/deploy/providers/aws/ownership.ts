/** What FaaSify made carries its tag; what does not is somebody else's, and is neither changed nor removed. */
import { FaasifyError } from "../../../core/errors.ts";

const MARK = "faasify:managed";

/** Of everything that belongs to the function of that name. */
export function ownTags(name: string): Record<string, string> {
  return { [MARK]: "true", "faasify:function": name };
}

export const isOurs = (tags: Readonly<Record<string, string>> | undefined): boolean => tags?.[MARK] !== undefined;

export function mustBeOurs(tags: Readonly<Record<string, string>> | undefined, what: string): void {
  if (isOurs(tags)) return;
  throw new FaasifyError("function-name-taken", `${what} is there already, and FaaSify has not made it`, {
    remedy: `Remove or rename it, or tag it with ${MARK} if FaaSify may change it`,
  });
}
