import { existsSync, readFileSync } from "node:fs";
import * as v from "valibot";
import { expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import texts from "../../package.nls.json" with { type: "json" };
import { attachConfigurationSchema, launchConfigurationSchema } from "../../src/protocol/launch-configuration.ts";
import type { CommandId } from "../../src/ui/commands.ts";
import { settingKeys, settingsSchema } from "../../src/ui/settings-schema.ts";

const { contributes } = manifest;

// `satisfies` makes the compiler complain about a command missing here; the test, about package.json.
const commandIds = Object.keys({
  "faasify.faasifyFunction": 0,
  "faasify.faasifySelection": 0,
  "faasify.acceptPreview": 0,
  "faasify.discardPreview": 0,
  "faasify.verifyFunction": 0,
  "faasify.deployFunction": 0,
  "faasify.invokeFunction": 0,
  "faasify.debugFunction": 0,
  "faasify.hotDeployCurrentFile": 0,
  "faasify.removeFunction": 0,
  "faasify.showLog": 0,
  "faasify.startCanary": 0,
  "faasify.promoteCanary": 0,
  "faasify.rollbackFunction": 0,
  "faasify.showReasons": 0,
  "faasify.revealFunction": 0,
  "faasify.openSource": 0,
  "faasify.startPlatform": 0,
  "faasify.stopPlatform": 0,
  "faasify.showOutput": 0,
  "faasify.showMenu": 0,
  "faasify.refresh": 0,
} satisfies Record<CommandId, 0>);

it("contributes exactly the commands that have handlers", () => {
  expect(contributes.commands.map(({ command }) => command).toSorted()).toEqual(commandIds.toSorted());
});

it("shows only its own commands in menus", () => {
  const shown = Object.values(contributes.menus).flatMap((entries) => entries.map(({ command }) => command));

  expect(shown.filter((command) => !commandIds.includes(command))).toEqual([]);
});

it("contributes exactly the settings that are read, with the same choices", () => {
  const { properties } = contributes.configuration;

  expect(Object.keys(properties).toSorted()).toEqual(settingKeys.map((key) => `faasify.${key}`).toSorted());
  expect(properties["faasify.target"].enum).toEqual(settingsSchema.entries.target.options);
  expect(properties["faasify.deployOnSave"].enum).toEqual(settingsSchema.entries.deployOnSave.options);
  expect(properties["faasify.trace.server"].enum).toEqual(settingsSchema.entries["trace.server"].options);
});

it("describes exactly the attributes that the debug adapter reads", () => {
  const [debuggerEntry] = contributes.debuggers;
  const attributes = debuggerEntry?.configurationAttributes;

  expect(Object.keys(attributes?.launch.properties ?? {}).toSorted()).toEqual(
    Object.keys(launchConfigurationSchema.entries).toSorted(),
  );
  expect(Object.keys(attributes?.attach.properties ?? {}).toSorted()).toEqual(
    Object.keys(attachConfigurationSchema.entries).toSorted(),
  );
});

it("offers launch configurations that the debug adapter accepts", () => {
  const offered = contributes.debuggers.flatMap(({ initialConfigurations, configurationSnippets }) => [
    ...initialConfigurations,
    ...configurationSnippets.map(({ body }) => body),
  ]);

  expect(offered.length).toBeGreaterThan(2);
  for (const configuration of offered) {
    const schema = configuration.request === "attach" ? attachConfigurationSchema : launchConfigurationSchema;
    expect(v.safeParse(schema, configuration).issues).toBeUndefined();
  }
});

it("has a text for each placeholder and no text that nothing uses", () => {
  const used = new Set(Array.from(JSON.stringify(manifest).matchAll(/"%([\w.]+)%"/g), ([, key]) => key ?? ""));

  expect(Object.keys(texts).toSorted((a, b) => a.localeCompare(b))).toEqual(
    Array.from(used).toSorted((a, b) => a.localeCompare(b)),
  );
  expect(Object.values(texts).filter((text) => text.trim() === "")).toEqual([]);
});

it("refers to pictures that exist", () => {
  const pictures = [manifest.icon, ...contributes.viewsContainers.activitybar.map(({ icon }) => icon)];

  expect(pictures.filter((file) => !existsSync(file))).toEqual([]);
  // Width and height of a PNG, in its first chunk.
  const png = readFileSync(manifest.icon);
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([256, 256]);
});

it("runs nothing of an untrusted workspace and takes no program from its settings", () => {
  expect(manifest.capabilities.untrustedWorkspaces).toMatchObject({
    supported: "limited",
    restrictedConfigurations: [
      "faasify.aws.codeBucket",
      "faasify.aws.endpoint",
      "faasify.aws.profile",
      "faasify.aws.role",
      "faasify.node",
    ],
  });
});
