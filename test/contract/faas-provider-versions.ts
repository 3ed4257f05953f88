/** What every provider with versions must do; part of the suite in faas-provider.ts. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FunctionVersions } from "../../src/deploy/provider.ts";
import { deployHandler, needs, type ProviderUnderTest } from "./faas-provider.ts";

const never = new AbortController().signal;
const answering = (text: string): string => `export const handler = async () => "${text}";`;

export function testFunctionVersions(title: string, open: () => Promise<ProviderUnderTest>): void {
  describe(`versions and aliases of the provider ${title}`, () => {
    let opened: ProviderUnderTest;
    let versions: FunctionVersions;
    beforeAll(async () => {
      opened = await open();
      if (!opened.provider.versions) throw new Error(`${title} has no versions`);
      versions = opened.provider.versions;
    });
    afterAll(() => opened[Symbol.asyncDispose]());

    const deploy = (name: string, text: string) => deployHandler(opened, name, answering(text));
    /** Two versions: the first answers "old", the second "new". */
    const publishTwo = async (name: string): Promise<void> => {
      for (const text of ["old", "new"]) {
        await deploy(name, text);
        await versions.publish(name, {}, never);
      }
    };

    it("publishes what is deployed, once", async () => {
      const { deployment } = await deploy("published", "old");
      expect(await versions.list("published", never)).toEqual([]);

      const first = await versions.publish("published", { description: "the first" }, never);
      const again = await versions.publish("published", {}, never);

      expect(first).toEqual({ version: "1", sha256: deployment.sha256, description: "the first" });
      expect(again.version).toBe("1");
      expect(await versions.list("published", never)).toEqual([first]);
    });

    it("lists versions in their order, and removes them", async () => {
      await publishTwo("listed");

      expect((await versions.list("listed", never)).map(({ version }) => version)).toEqual(["1", "2"]);

      await versions.remove("listed", "1", never);
      await versions.remove("listed", "1", never);
      expect((await versions.list("listed", never)).map(({ version }) => version)).toEqual(["2"]);
    });

    it("publishes nothing that somebody else has deployed meanwhile", async ({ skip }) => {
      needs(opened, skip, "version-guards");
      const { deployment } = await deploy("overtaken", "mine");
      await deploy("overtaken", "theirs");

      const publication = versions.publish("overtaken", { sha256: deployment.sha256 }, never);
      await expect(publication).rejects.toMatchObject({ code: "version-conflict" });
      expect(await versions.list("overtaken", never)).toEqual([]);
    });

    it("creates, moves, splits and removes an alias", async () => {
      await publishTwo("aliased");
      expect(await versions.alias("aliased", "live", never)).toBeUndefined();

      const live = await versions.setAlias("aliased", { name: "live", version: "1" }, {}, never);
      expect(live).toMatchObject({ name: "live", version: "1" });
      expect(live.canary).toBeUndefined();

      const split = { name: "live", version: "1", canary: { version: "2", weight: 0.25 } };
      const canary = await versions.setAlias("aliased", split, { revision: live.revision }, never);
      expect(canary).toMatchObject(split);
      expect(canary.revision === live.revision).toBe(opened.lacks?.["version-guards"] !== undefined);
      expect(await versions.aliases("aliased", never)).toEqual([canary]);

      const moved = await versions.setAlias("aliased", { name: "live", version: "2" }, {}, never);
      expect(moved.canary).toBeUndefined();
      expect(await versions.alias("aliased", "live", never)).toEqual(moved);

      await versions.removeAlias("aliased", "live", never);
      await versions.removeAlias("aliased", "live", never);
      expect(await versions.aliases("aliased", never)).toEqual([]);
    });

    it("changes no alias that somebody else has changed meanwhile", async ({ skip }) => {
      needs(opened, skip, "version-guards");
      await publishTwo("contended");
      const seen = await versions.setAlias("contended", { name: "live", version: "1" }, { revision: "new" }, never);
      await versions.setAlias("contended", { name: "live", version: "2" }, {}, never);

      for (const revision of [seen.revision, "new"]) {
        const change = versions.setAlias("contended", { name: "live", version: "1" }, { revision }, never);
        await expect(change).rejects.toMatchObject({ code: "version-conflict" });
      }
      expect(await versions.alias("contended", "live", never)).toMatchObject({ version: "2" });
    });

    it("says which version is not there, and which is in use", async ({ skip }) => {
      needs(opened, skip, "unknown-versions");
      await publishTwo("missing");

      const alias = versions.setAlias("missing", { name: "live", version: "9" }, {}, never);
      await expect(alias).rejects.toMatchObject({ code: "version-not-found", message: expect.stringContaining("9") });

      await versions.setAlias("missing", { name: "live", version: "1" }, {}, never);
      await expect(versions.remove("missing", "1", never)).rejects.toMatchObject({ code: "version-conflict" });
      for (const ask of [
        () => versions.list("never-deployed", never),
        () => versions.publish("never-deployed", {}, never),
        () => versions.alias("never-deployed", "live", never),
        () => versions.setAlias("never-deployed", { name: "live", version: "1" }, {}, never),
      ]) {
        await expect(ask()).rejects.toMatchObject({ code: "function-not-deployed" });
      }
    });

    it("invokes a version and an alias, and says which version ran", async ({ skip }) => {
      needs(opened, skip, "invocations");
      await publishTwo("qualified");
      await deploy("qualified", "unpublished");
      await versions.setAlias("qualified", { name: "live", version: "2" }, {}, never);
      const send = (qualifier?: string) =>
        opened.provider.invoke("qualified", { kind: "event", event: {}, ...(qualifier && { qualifier }) }, never);

      expect(await send("1")).toMatchObject({ result: "old", version: "1" });
      expect(await send("live")).toMatchObject({ result: "new", version: "2" });
      expect(await send()).toMatchObject({ result: "unpublished", version: "$LATEST" });
      await expect(send("9")).rejects.toMatchObject({ code: "version-not-found" });
      await expect(send("none")).rejects.toMatchObject({ code: "version-not-found" });
    });

    it("observes the invocations of a version", async ({ skip }) => {
      needs(opened, skip, "invocations");
      const { provider } = opened;
      const handler = "export const handler = async (event) => { if (event.fail) throw new Error('x'); };";
      await deployHandler(opened, "observed", handler);
      await versions.publish("observed", {}, never);
      const sinceMs = Date.now();
      const send = (event: unknown, qualifier?: string) =>
        provider.invoke("observed", { kind: "event", event, ...(qualifier && { qualifier }) }, never);
      const sent = [await send({}, "1"), await send({ fail: true }, "1"), await send({}, "1")];
      await send({});

      const seen = () => provider.observations("observed", { sinceMs, version: "1" }, never);
      await expect.poll(seen, { timeout: 60_000 }).toHaveLength(3);

      const found = await seen();
      expect(found.map(({ requestId }) => requestId)).toEqual(sent.map(({ requestId }) => requestId));
      expect(found.map(({ failed }) => failed)).toEqual([false, true, false]);
      expect(found.map(({ initMs }) => initMs !== undefined)).toEqual([true, false, false]);
      expect(found.every(({ durationMs, version }) => durationMs > 0 && version === "1")).toBe(true);
      expect(await provider.observations("observed", { sinceMs }, never)).toHaveLength(4);
      expect(await provider.observations("observed", { sinceMs: Date.now() + 60_000 }, never)).toEqual([]);
    });
  });
}
