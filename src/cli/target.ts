import type { ProviderId } from "../core/invocation.ts";
import type { CommandInput } from "./command.ts";

export const targetOption = { target: { type: "string" } } as const;

/** The registry refuses a target that it does not know, and says which there are. */
export function toTarget(input: CommandInput): ProviderId {
  return (input.text("target") ?? "local") as ProviderId;
}
