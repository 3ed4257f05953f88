import { expect, it } from "vitest";
import manifest from "../../../package.json" with { type: "json" };
import { parseSettings } from "../../../src/ui/settings-schema.ts";

const properties: Readonly<Record<string, { readonly default: unknown }>> =
  manifest.contributes.configuration.properties;
const defaults = (key: string): unknown => properties[`faasify.${key}`]?.default;

it("accepts the defaults of package.json", () => {
  expect(parseSettings(defaults)).toEqual({
    target: "local",
    "aws.region": "",
    "aws.profile": "",
    "aws.endpoint": "",
    "aws.role": "",
    "aws.codeBucket": "",
    memoryMb: 256,
    timeoutSeconds: 30,
    node: "",
    "invoke.stopAtBreakpoints": true,
    deployOnSave: "off",
    "codeLens.enabled": true,
    "diagnostics.enabled": true,
    "trace.server": "off",
  });
});

it.each([
  ["memoryMb", 64],
  ["memoryMb", "512"],
  ["memoryMb", 512.5],
  ["timeoutSeconds", 0],
  ["timeoutSeconds", 901],
  ["target", "moon"],
  ["aws.region", 1],
  ["aws.endpoint", "localhost"],
  ["node", 22],
  ["invoke.stopAtBreakpoints", "yes"],
])("names the wrong setting: %s = %j", (wrong, value) => {
  expect(() => parseSettings((key) => (key === wrong ? value : defaults(key)))).toThrow(
    expect.objectContaining({
      code: "wrong-usage",
      message: expect.stringContaining(`faasify.${wrong}`),
      remedy: expect.stringContaining(`faasify.${wrong}`),
    }),
  );
});
