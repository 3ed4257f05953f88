/** Waiting until AWS has got to know what was just made: the way its own tools and Terraform's provider do it, bounded. */
import { wait } from "../../wait.ts";
import { AwsError } from "./aws-error.ts";

const FIRST_PAUSE_MS = 500;
const MAX_PAUSE_MS = 5000;
/** A new role is known everywhere after some 10 s, seldom after more than 30. */
const LIMIT_MS = 90_000;

/** Repeats what fails only because something else is not ready yet. */
export async function untilReady<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const limit = Date.now() + LIMIT_MS;
  let pauseMs = FIRST_PAUSE_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isNotReadyYet(error) || Date.now() + pauseMs > limit) throw error;
    }
    await wait(pauseMs, signal);
    pauseMs = Math.min(pauseMs * 1.5, MAX_PAUSE_MS);
  }
}

const NEW_ROLE =
  /role defined for the function cannot be assumed|execution role does not have permissions|KMS key is invalid for CreateGrant/i;
const BUSY = /update is in progress|operation cannot be performed at this time|concurrent modification|Pending/i;

function isNotReadyYet(error: unknown): boolean {
  if (!(error instanceof AwsError)) return false;
  const { type, message } = error;
  if (type === "InvalidParameterValueException" || type === "AccessDeniedException") return NEW_ROLE.test(message);
  return type === "ResourceConflictException" && BUSY.test(message);
}
