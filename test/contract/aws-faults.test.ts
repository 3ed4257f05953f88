/** The network is cut, or the deploying process killed, at every request of a deployment in turn: the next one repairs it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { IAMClient, ListRolesCommand } from "@aws-sdk/client-iam";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DeployRequest, FaasProvider } from "../../src/deploy/provider.ts";
import { createAwsProvider } from "../../src/deploy/providers/aws/aws-provider.ts";
import type { AwsOptions } from "../../src/deploy/providers/aws/aws-options.ts";
import { ensurePlatform } from "../../src/deploy/providers/local/platform-process.ts";
import { makeArtifact } from "./faas-provider.ts";
import { startFaultProxy, type Fault, type FaultProxy } from "./fault-proxy.ts";
import { openLocalPlace } from "./local-platform.ts";
import { moto, startMoto } from "./moto.ts";

const never = new AbortController().signal;
/** More requests than any deployment sends. */
const MAX_REQUESTS = 40;

interface Behind extends AsyncDisposable {
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** What is deployed there runs. */
  readonly runs: boolean;
}

testFaults("the local platform", openPlatform);
describe.skipIf("problem" in moto)("with moto", () => {
  testFaults("moto", openMoto);
});

function testFaults(title: string, open: () => Promise<Behind>): void {
  describe(`in front of ${title}`, () => {
    let behind: Behind;
    let proxy: FaultProxy;
    let provider: FaasProvider;
    let options: AwsOptions;
    let folder: string;
    beforeAll(async () => {
      behind = await open();
      proxy = await startFaultProxy(behind.endpoint);
      process.env["AWS_ACCESS_KEY_ID"] = behind.accessKeyId;
      process.env["AWS_SECRET_ACCESS_KEY"] = behind.secretAccessKey;
      options = { region: "us-east-1", endpoint: proxy.endpoint };
      provider = createAwsProvider(options);
      folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), "faasify-faults-")));
    });
    afterAll(async () => {
      await proxy[Symbol.asyncDispose]();
      await behind[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    });

    const request = async (name: string, answer: string): Promise<DeployRequest> => ({
      function: { file: "/src/test.ts", name: "handler" },
      name,
      artifact: await makeArtifact(folder, `export const handler = async () => ${JSON.stringify(answer)};`),
      configuration: {
        memoryMb: answer === "old" ? 256 : 512,
        timeoutMs: 20_000,
        environment: { ANSWER: answer },
        url: "public",
      },
    });
    const mustBeWhole = async (wanted: DeployRequest, answer: string): Promise<void> => {
      await provider.deploy(wanted, never);
      expect(await provider.deploy(wanted, never)).toMatchObject({ unchanged: true });
      if (!behind.runs) return;
      const { result } = await provider.invoke(wanted.name, { kind: "event", event: {} }, never);
      expect(result).toBe(answer);
    };
    /** Attempts with the fault at the first request, at the second, and so on, until one comes through before its fault. */
    const atEveryRequest = async (
      fault: Fault,
      attempt: (number: number, arm: () => Promise<void>) => Promise<"through" | "failed">,
    ): Promise<number> => {
      for (let number = 1; number <= MAX_REQUESTS; number += 1) {
        const outcome = await attempt(number, () => proxy.fail(number, fault));
        proxy.heal();
        if (outcome === "through") return number - 1;
      }
      throw new Error("it never came through");
    };
    const cutIn = async (work: () => Promise<unknown>, arm: () => Promise<void>): Promise<"through" | "failed"> => {
      void arm();
      const failure = await work().then(
        () => undefined,
        (error: unknown) => error,
      );
      proxy.heal();
      if (failure === undefined) return "through";
      expect(failure).toMatchObject({ code: "platform-unreachable", remedy: expect.stringContaining("completed") });
      return "failed";
    };

    it.each(["cut", "mute"] as const)("a new function is completed (%s)", async (fault) => {
      const faults = await atEveryRequest(fault, async (number, arm) => {
        const wanted = await request(`new-${fault}-${number}`, "new");
        const outcome = await cutIn(() => provider.deploy(wanted, never), arm);
        await mustBeWhole(wanted, "new");
        return outcome;
      });

      expect(faults).toBeGreaterThan(5);
    });

    it.each(["cut", "mute"] as const)("a changed function is completed (%s)", async (fault) => {
      const faults = await atEveryRequest(fault, async (number, arm) => {
        const name = `changed-${fault}-${number}`;
        await provider.deploy(await request(name, "old"), never);
        const wanted = await request(name, "new");
        const outcome = await cutIn(() => provider.deploy(wanted, never), arm);
        await mustBeWhole(wanted, "new");
        return outcome;
      });

      expect(faults).toBeGreaterThan(5);
    });

    it("waits for a role that is not known everywhere yet", async () => {
      const message = "The role defined for the function cannot be assumed by Lambda.";
      const refuse = { status: 400, type: "InvalidParameterValueException", message };
      proxy.meddle({ request: /^POST \S+functions\/?$/, times: 2, refuse });
      const wanted = await request("new-role", "new");

      await expect(provider.deploy(wanted, never)).resolves.toMatchObject({ unchanged: false });

      await mustBeWhole(wanted, "new");
    });

    it("waits for somebody else's change, and until its own is done", async () => {
      await provider.deploy(await request("busy", "old"), never);
      const message = "The operation cannot be performed at this time. An update is in progress for resource: busy";
      const refuse = { status: 409, type: "ResourceConflictException", message };
      const inProgress = (body: unknown): unknown => ({ ...(body as object), LastUpdateStatus: "InProgress" });
      proxy.meddle({ request: /^PUT \S+busy\/code/, times: 2, refuse });
      proxy.meddle({ request: /^PUT \S+busy\/configuration/, times: 1, rewrite: inProgress });
      const wanted = await request("busy", "new");
      const steps: string[] = [];

      await provider.deploy(wanted, never, (step) => steps.push(step));

      expect(steps).toContain("Waiting until it is updated");
      await mustBeWhole(wanted, "new");
    });

    it("waits until a new function is active, unless it is cancelled", async () => {
      const pending = (body: unknown): unknown => ({ ...(body as object), State: "Pending" });
      const stillPending = (body: unknown): unknown => {
        const answer = body as { readonly Configuration: object };
        return { ...answer, Configuration: { ...answer.Configuration, State: "Pending" } };
      };
      proxy.meddle({ request: /^POST \S+functions\/?$/, times: 1, rewrite: pending });
      proxy.meddle({ request: /^GET \S+functions\/pending$/, times: 3, rewrite: stillPending });
      const wanted = await request("pending", "new");
      const abort = new AbortController();
      const reason = new Error("cancelled by the user");

      const cancelled = provider.deploy(wanted, abort.signal, (step) => {
        if (step === "Waiting until it is active") abort.abort(reason);
      });
      await expect(cancelled).rejects.toBe(reason);

      const steps: string[] = [];
      await provider.deploy(wanted, never, (step) => steps.push(step));
      expect(steps).toContain("Waiting until it is active");
      await mustBeWhole(wanted, "new");
    });

    it("an answer that is lost once is made up for at once, and nothing is made twice", async () => {
      let lost = 0;
      for (let number = 1; number <= MAX_REQUESTS; number += 1) {
        const happened = proxy.fail(number, "lose").then(() => true);
        const wanted = await request(`lost-${number}`, "new");
        await provider.deploy(wanted, never);
        const wasLost = await Promise.race([happened, Promise.resolve(false)]);
        proxy.heal();
        await mustBeWhole(wanted, "new");
        if (!wasLost) break;
        lost = number;
      }

      expect(lost).toBeGreaterThan(5);
      expect(lost).toBeLessThan(MAX_REQUESTS);
    });

    it.each(["cut", "mute"] as const)("a removal is completed, and leaves nothing (%s)", async (fault) => {
      const faults = await atEveryRequest(fault, async (number, arm) => {
        const name = `removed-${fault}-${number}`;
        await provider.deploy(await request(name, "old"), never);
        const outcome = await cutIn(() => provider.remove(name, never), arm);
        await provider.remove(name, never);
        expect(await provider.list(never)).not.toContain(name);
        return outcome;
      });

      expect(faults).toBeGreaterThan(3);
      const left = await rolesAndGroups(options);
      expect(left.filter((each) => each.includes("removed-"))).toEqual([]);
    });

    it.each(["hold", "hold-answer"] as const)("a deployer that is killed is made up for (%s)", async (fault) => {
      const faults = await atEveryRequest(fault, async (number, arm) => {
        const wanted = await request(`killed-${fault}-${number}`, "new");
        const outcome = await killedAt(arm(), { options, wanted });
        proxy.heal();
        await mustBeWhole(wanted, "new");
        return outcome;
      });

      expect(faults).toBeGreaterThan(5);
    });
  });
}

/** Deploys in a process of its own, which is killed at the fault. */
async function killedAt(
  fault: Promise<void>,
  deployment: { readonly options: AwsOptions; readonly wanted: DeployRequest },
): Promise<"through" | "failed"> {
  const script = `
    const { createAwsProvider } = require(${JSON.stringify(path.resolve("dist/provider-aws.cjs"))});
    const { options, wanted } = JSON.parse(process.argv[1]);
    createAwsProvider(options).deploy(wanted, new AbortController().signal).catch((error) => {
      console.error(error);
      process.exitCode = 1;
    });`;
  const child = spawn(process.execPath, ["-e", script, JSON.stringify(deployment)], { stdio: "inherit" });
  const exited = once(child, "exit");
  const outcome = await Promise.race([exited, fault.then(() => "killed" as const)]);
  if (outcome === "killed") {
    child.kill("SIGKILL");
    await exited;
    return "failed";
  }
  expect(outcome).toEqual([0, null]);
  return "through";
}

/** What a removal could leave behind. */
async function rolesAndGroups({ endpoint = "", region = "" }: AwsOptions): Promise<readonly string[]> {
  const iam = new IAMClient({ endpoint, region });
  const logs = new CloudWatchLogsClient({ endpoint, region });
  const { Roles = [] } = await iam.send(new ListRolesCommand({ MaxItems: 1000 }));
  const { logGroups = [] } = await logs.send(
    new DescribeLogGroupsCommand({ logGroupNamePrefix: "/aws/lambda/removed-" }),
  );
  return [...Roles.map(({ RoleName = "" }) => RoleName), ...logGroups.map(({ logGroupName = "" }) => logGroupName)];
}

async function openPlatform(): Promise<Behind> {
  const place = openLocalPlace();
  const { info } = await ensurePlatform(place.options, never);
  return { ...info, runs: true, [Symbol.asyncDispose]: () => place[Symbol.asyncDispose]() };
}

async function openMoto(): Promise<Behind> {
  const { endpoint, ...server } = await startMoto();
  const dispose = server[Symbol.asyncDispose];
  return { endpoint, accessKeyId: "moto", secretAccessKey: "moto", runs: false, [Symbol.asyncDispose]: dispose };
}
