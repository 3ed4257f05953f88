import { FaasifyError } from "../../core/errors.ts";

export function canaryNotRunning(name: string): FaasifyError {
  return new FaasifyError("canary-not-running", `No canary of ${name} runs`, {
    remedy: "Start one, or roll back to another version",
  });
}
