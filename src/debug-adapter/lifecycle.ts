/** From `launch` or `attach` to the end of the session: deploy, invoke, deploy again, put everything back. */
import path from "node:path";
import type { DebugProtocol } from "@vscode/debugprotocol";
import * as v from "valibot";
import { describeError, FaasifyError } from "../core/errors.ts";
import { parseFunctionRef } from "../core/function-ref.ts";
import { attachConfigurationSchema, launchConfigurationSchema } from "../protocol/launch-configuration.ts";
import { DEBUG_ENVIRONMENT } from "../protocol/shim-messages.ts";
import { STOP_ENVIRONMENT } from "../protocol/stop-policy.ts";
import { judgeBreakpoint, notifyBreakpoint } from "./breakpoints/arming.ts";
import type { DebugDeployment } from "./debug-target.ts";
import type { Configuration, Debuggee } from "./debuggee.ts";
import { unwatchAll } from "./handlers/data-breakpoints.ts";
import { watchUse } from "./idle-expiry.ts";
import { announceBuild } from "./handlers/modules.ts";
import { shortName } from "./sandbox.ts";
import { print } from "./output.ts";
import { withProgress } from "./progress.ts";
import type { RelaySession } from "./relay/sandbox-connection.ts";
import { abortInvocation, admitSandbox } from "./sandbox-setup.ts";
import { checkStopPolicy } from "./stop-policy.ts";

/** VS Code kills an adapter 2 s after `disconnect`; what is not restored by then, the journal restores later. */
const END_WITHIN_MS = 1500;

/** @throws FaasifyError `wrong-usage` naming the attribute that is wrong */
export function parseConfiguration(request: Configuration["request"], args: unknown): Configuration {
  const parsed =
    request === "launch" ? v.safeParse(launchConfigurationSchema, args) : v.safeParse(attachConfigurationSchema, args);
  if (!parsed.success) throw invalidConfiguration(v.summarize(parsed.issues).replaceAll("\n", " "));
  const configuration = { ...parsed.output, request } as Configuration;
  checkStopPolicy(configuration.stop);
  checkRelay(configuration);
  for (const name of functionsOf(configuration)) {
    const { file } = parseFunctionRef(name);
    if (!path.isAbsolute(file)) throw invalidConfiguration(`function: ${file} is not an absolute path`);
  }
  if (request === "launch" && "args" in parsed.output && parsed.output.args !== undefined && hasEvent(args)) {
    throw invalidConfiguration("args and event exclude each other");
  }
  return configuration;
}

/** The first one is that of the launch's own invocation. */
export function functionsOf({ function: first, functions }: Configuration): readonly string[] {
  return [...new Set([first, ...functions])];
}

function checkRelay({ relay, relayPort, tunnelUrl }: Configuration): void {
  if (relay !== undefined && (tunnelUrl ?? relayPort) !== undefined)
    throw invalidConfiguration("relay excludes tunnelUrl and relayPort");
  if (tunnelUrl !== undefined && relayPort === undefined) throw invalidConfiguration("tunnelUrl needs relayPort");
}

function hasEvent(args: unknown): boolean {
  return typeof args === "object" && args !== null && "event" in args && args.event !== undefined;
}

function invalidConfiguration(problem: string): FaasifyError {
  return new FaasifyError("wrong-usage", `The launch configuration is not valid: ${problem}`, {
    remedy: "Correct the configuration in launch.json",
  });
}

/** Opens the relay and deploys with the shim. When this is done, an invocation stops at breakpoints. */
export async function start(debuggee: Debuggee, configuration: Configuration): Promise<void> {
  if (debuggee.configuration) {
    throw new FaasifyError("wrong-usage", "This debug session has already begun", {
      remedy: "Open another session to debug another function",
    });
  }
  debuggee.configuration = configuration;
  try {
    await openAndDeploy(debuggee, configuration);
  } catch (error) {
    // Nothing was begun: the client may correct the configuration and try again.
    debuggee.configuration = undefined;
    clearTimeout(debuggee.expiry);
    await restoreAll(debuggee);
    await debuggee.relay?.[Symbol.asyncDispose]();
    throw error;
  }
}

async function openAndDeploy(debuggee: Debuggee, configuration: Configuration): Promise<void> {
  debuggee.relay = await debuggee.options.startRelay(configuration);
  debuggee.relaySession = debuggee.relay.openSession();
  watchUse(debuggee, configuration, () => end(debuggee));
  debuggee.relaySession.onSandbox((connection) => admitSandbox(debuggee, connection));
  await deploy(debuggee);
}

/** Also after an edit: the session, its secret and its breakpoints stay. */
export async function deploy(debuggee: Debuggee): Promise<readonly DebugDeployment[]> {
  // One after the other: the last one asked for must be the one that stays.
  const deploying = debuggee.deploying.then(() => deployAll(debuggee));
  debuggee.deploying = deploying.catch(() => undefined);
  return deploying;
}

async function deployAll(debuggee: Debuggee): Promise<readonly DebugDeployment[]> {
  const { configuration, lifetime } = debuggee;
  if (!configuration) {
    throw new FaasifyError("wrong-usage", "Nothing is being debugged", { remedy: "Launch a debug session first" });
  }
  const names = functionsOf(configuration);
  const what = names.length === 1 ? shortName(configuration.function) : `${names.length} functions`;
  const outcomes = await withProgress(debuggee, `Deploying ${what} for debugging`, (signal) =>
    Promise.allSettled(names.map((name) => deployOne(debuggee, name, signal))),
  );
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed) throw failed.reason;
  if (lifetime.signal.aborted) {
    await restoreAll(debuggee);
    throw new FaasifyError("debug-session-failed", "The debug session has ended", { remedy: "Start it again" });
  }
  debuggee.sourceMaps.keep(new Set(Array.from(debuggee.sandboxes.values(), ({ code }) => code.buildId)));
  for (const breakpoint of debuggee.breakpoints.all().filter(({ bound }) => !bound)) {
    judgeBreakpoint(debuggee, breakpoint);
    notifyBreakpoint(debuggee, breakpoint);
  }
  return outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? outcome.value : []));
}

async function deployOne(debuggee: Debuggee, name: string, signal: AbortSignal): Promise<DebugDeployment> {
  const { configuration, relaySession, target } = debuggee;
  if (!configuration || !relaySession) throw signal.reason;
  const startedAt = performance.now();
  const deployment = await target.deploy(
    {
      function: parseFunctionRef(name),
      target: configuration.target,
      request: configuration.request,
      timeoutMs: configuration.timeoutSeconds * 1000,
      shimEnvironment: shimEnvironment(configuration, relaySession),
    },
    signal,
  );
  debuggee.deployments.set(name, deployment);
  const before = debuggee.sourceMaps.latest(name);
  announceBuild(debuggee, await debuggee.sourceMaps.add(deployment.artifact, name), before);
  const durationMs = Math.round(performance.now() - startedAt);
  print(debuggee, "console", `Deployed ${deployment.name} to ${configuration.target} in ${durationMs} ms`);
  return deployment;
}

async function restoreAll(debuggee: Debuggee): Promise<void> {
  const deployments = [...debuggee.deployments.values()];
  await Promise.all(deployments.map((deployment) => attempt(debuggee, () => debuggee.target.restore(deployment))));
}

function shimEnvironment({ stop }: Configuration, { environmentValue }: RelaySession): Record<string, string> {
  const address = { [DEBUG_ENVIRONMENT]: environmentValue };
  return stop === "all" ? address : { ...address, [STOP_ENVIRONMENT]: JSON.stringify(stop) };
}

/** Ends the session once, however it was asked for; never throws. */
export function end(debuggee: Debuggee): Promise<void> {
  debuggee.ending ??= endInTime(debuggee, async () => undefined);
  return debuggee.ending;
}

/**
 * `disconnect`. With `terminateDebuggee` the invocations of a launch end where they stand. Those of an attached function
 * are other people's: they run on.
 */
export function disconnect(
  debuggee: Debuggee,
  { terminateDebuggee }: DebugProtocol.DisconnectArguments,
): Promise<void> {
  const own = terminateDebuggee === true && debuggee.configuration?.request === "launch";
  debuggee.ending ??= endInTime(debuggee, async () => {
    if (own) await Promise.all([...debuggee.sandboxes.values()].map((sandbox) => abortInvocation(debuggee, sandbox)));
  });
  return debuggee.ending;
}

async function endInTime(debuggee: Debuggee, first: () => Promise<void>): Promise<void> {
  const { promise: timeUp, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, END_WITHIN_MS);
  await Promise.race([attempt(debuggee, first).then(() => putBack(debuggee)), timeUp]);
  clearTimeout(timer);
}

/** Paused functions run on before anything else; they are not aborted. */
async function putBack(debuggee: Debuggee): Promise<void> {
  debuggee.configured.open();
  clearTimeout(debuggee.expiry);
  debuggee.lifetime.abort(
    new FaasifyError("debug-session-failed", "The debug session has ended", { remedy: "Start it again" }),
  );
  await attempt(debuggee, () => unwatchAll(debuggee));
  await attempt(debuggee, async () => debuggee.relaySession?.close());
  await restoreAll(debuggee);
  await attempt(debuggee, async () => debuggee.relay?.[Symbol.asyncDispose]());
  debuggee.run?.abort.abort();
}

async function attempt(debuggee: Debuggee, step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    print(debuggee, "stderr", describeError(error));
  }
}
