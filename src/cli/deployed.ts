import { FaasifyError } from "../core/errors.ts";
import type { ProviderId } from "../core/invocation.ts";
import type { Deployment } from "../deploy/provider.ts";
import { targetText } from "../deploy/target-text.ts";
import type { CliContext } from "./context.ts";

/** @throws FaasifyError `function-not-deployed`, `target-unknown`, `wrong-usage` */
export async function findDeployed(context: CliContext, text: string, target: ProviderId): Promise<Deployment> {
  const ref = context.resolveRef(text);
  const { store, provider } = await context.deployer();
  const place = await (await provider(target)).place?.();
  const deployment = await store.find(ref, target, place);
  if (deployment) return deployment;
  const where = targetText({ target, ...(place && { place }) });
  throw new FaasifyError("function-not-deployed", `${context.idOf(ref)} is not deployed to ${where}`, {
    remedy: "Run faasify list to see what is, or deploy it",
  });
}
