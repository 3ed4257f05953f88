/** Canaries on the local platform, which drives them itself. */
import type { CanaryState } from "../../../core/canary/canary.ts";
import { FaasifyError } from "../../../core/errors.ts";
import { canaryAnswerSchema, canaryEndPath, canaryPath } from "../../../protocol/canary.ts";
import { canaryNotRunning } from "../../canary/canary-failures.ts";
import { missingQualifier, versionConflict, versionNotFound } from "../../lambda/version-failures.ts";
import type { FunctionCanaries } from "../../provider.ts";
import { errorOf, failureOf, readAnswer } from "./lambda-messages.ts";
import type { Answer, Send } from "./signed-http.ts";

export function createLocalCanaries(send: Send): FunctionCanaries {
  const read = (answer: Answer, name: string): CanaryState | undefined => {
    if (answer.status >= 300) throw canaryFailure(answer, name);
    return readAnswer(canaryAnswerSchema, answer).canary;
  };
  const mustBe = (state: CanaryState | undefined, name: string): CanaryState => {
    if (state) return state;
    throw canaryNotRunning(name);
  };
  return {
    find: async (name, signal) => read(await send({ method: "GET", path: canaryPath(name) }, signal), name),
    start: async (name, request, signal) => {
      const answer = await send({ method: "PUT", path: canaryPath(name), body: JSON.stringify(request) }, signal);
      return mustBe(read(answer, name), name);
    },
    end: async (name, how, signal) => {
      const answer = await send({ method: "POST", path: canaryEndPath(name, how) }, signal);
      return mustBe(read(answer, name), name);
    },
  };
}

function canaryFailure(answer: Answer, name: string): FaasifyError {
  const { message } = errorOf(answer);
  if (answer.status === 409 && message.includes("runs already")) {
    return new FaasifyError("canary-running", `A canary of ${name} runs already`, {
      remedy: "Promote it or roll it back first",
    });
  }
  if (answer.status === 409 || answer.status === 400) return versionConflict(message.replace(/\.$/, ""));
  if (answer.status === 404 && message.startsWith("No canary")) return canaryNotRunning(name);
  const missing = answer.status === 404 ? missingQualifier(message) : undefined;
  return missing === undefined ? failureOf(answer, name) : versionNotFound(name, missing);
}
