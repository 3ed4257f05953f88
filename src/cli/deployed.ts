import { FaasifyError } from "../core/errors.ts";
import type { ProviderId } from "../core/invocation.ts";
import type { Deployment } from "../deploy/provider.ts";
import type { CliContext } from "./context.ts";

/** @throws FaasifyError `function-not-deployed`, `target-unknown`, `wrong-usage` */
export async function findDeployed(context: CliContext, text: string, target: ProviderId): Promise<Deployment> {
  const ref = context.resolveRef(text);
  const { store, provider } = await context.deployer();
  await provider(target);
  const deployment = await store.find(ref, target);
  if (deployment) return deployment;
  throw new FaasifyError("function-not-deployed", `${context.idOf(ref)} is not deployed to ${target}`, {
    remedy: "Run faasify list to see what is, or deploy it",
  });
}
