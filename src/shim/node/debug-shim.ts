/**
 * The debug shim: the platform's handler is `faasify-shim.handler`, which stands in front of the user's.
 *
 * Without `FAASIFY_DEBUG` it *is* the user's handler. Whatever fails in here, the user's function still answers.
 */
import { writeSync } from "node:fs";
import type { DEBUG_ENVIRONMENT, HANDLER_ENVIRONMENT } from "../../protocol/shim-messages.ts";
import { STOP_ENVIRONMENT } from "../../protocol/stop-policy.ts";
import { debuggedHandler } from "./debugged-handler.ts";
import { callHandler, type Handler, userModule, type UserModule } from "./user-handler.ts";

// Only the types of the protocol's constants: its schemas would be most of this bundle.
const debugEnvironment: typeof DEBUG_ENVIRONMENT = "FAASIFY_DEBUG";
const handlerEnvironment: typeof HANDLER_ENVIRONMENT = "FAASIFY_HANDLER";

export const handler: Handler = chooseHandler();

function chooseHandler(): Handler {
  const address = process.env[debugEnvironment];
  const stopPolicy = process.env[STOP_ENVIRONMENT];
  delete process.env[debugEnvironment];
  delete process.env[STOP_ENVIRONMENT];
  const taskRoot = process.env["LAMBDA_TASK_ROOT"] || __dirname;
  const specification = process.env[handlerEnvironment] || "index.handler";
  const module = userModule(taskRoot, specification);
  if (!address) return undebuggedHandler(module);
  try {
    return debuggedHandler({ address, stopPolicy, taskRoot, specification });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    writeSync(
      2,
      `FaaSify: the function runs without a debugger, because ${debugEnvironment} cannot be used: ${reason}\n`,
    );
    return undebuggedHandler(module);
  }
}

/** The user's own handler where it can be loaded at once, so that nothing is between it and the platform. */
function undebuggedHandler(module: UserModule): Handler {
  const now = module.loadNow();
  if (now) return now;
  let loaded: Handler | undefined;
  const loading = module.load();
  loading.then((handler) => (loaded = handler)).catch(() => {});
  return (...args) => (loaded ? loaded(...args) : loading.then((handler) => callHandler(handler, args[0], args[1])));
}
