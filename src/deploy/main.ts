/**
 * The deployer as the editor loads it: `dist/deployer.cjs`, at first use. Compiling it would take a third of the time
 * that activation may take.
 */
export { DEFAULT_ALIAS, endCanary, releaseCanary, rollBack } from "./canary/release.ts";
export { createDebugGuardian } from "./debug-guardian.ts";
export { createDebugTarget, restoreLeftovers } from "./debug-target.ts";
export { deployFunction, invokeDeployment, removeDeployment } from "./deploy-function.ts";
export { createDeploymentStore } from "./deployment-store.ts";
export { ensurePlatform, findPlatform, stopPlatform } from "./providers/local/platform-process.ts";
export { createRegistry } from "./registry.ts";
