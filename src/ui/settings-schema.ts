/** The settings `faasify.*` of package.json, read once for all by {@link parseSettings}. Pure. */
import * as v from "valibot";
import { FaasifyError } from "../core/errors.ts";
import { providerIds } from "../core/invocation.ts";

const memoryMb = v.pipe(v.number(), v.integer(), v.minValue(128), v.maxValue(10_240));
const timeoutSeconds = v.pipe(v.number(), v.minValue(1), v.maxValue(900));

/** Keys as in package.json without `faasify.`; test/unit/manifest.test.ts compares both. */
export const settingsSchema = v.object({
  target: v.picklist(providerIds),
  "aws.region": v.string(),
  "aws.profile": v.string(),
  "aws.endpoint": v.union([v.literal(""), v.pipe(v.string(), v.url())]),
  "aws.role": v.string(),
  "aws.codeBucket": v.string(),
  memoryMb,
  timeoutSeconds,
  node: v.string(),
  "invoke.stopAtBreakpoints": v.boolean(),
  deployOnSave: v.picklist(["off", "local", "all"]),
  "codeLens.enabled": v.boolean(),
  "diagnostics.enabled": v.boolean(),
  "trace.server": v.picklist(["off", "messages", "verbose"]),
});

export type Settings = v.InferOutput<typeof settingsSchema>;
export type SettingKey = keyof Settings;

export const settingKeys = Object.keys(settingsSchema.entries) as readonly SettingKey[];

/**
 * Checks what the editor read: the user's settings.json may hold anything.
 *
 * @throws FaasifyError `wrong-usage` naming the first setting that is wrong
 */
export function parseSettings(read: (key: SettingKey) => unknown): Settings {
  const result = v.safeParse(settingsSchema, Object.fromEntries(settingKeys.map((key) => [key, read(key)])));
  if (result.success) return result.output;
  const [issue] = result.issues;
  const key = String(issue.path?.[0].key);
  throw new FaasifyError("wrong-usage", `The setting faasify.${key} is wrong: ${issue.message}`, {
    remedy: `Correct faasify.${key} in the settings, or remove it to have the default`,
  });
}
