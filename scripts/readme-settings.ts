/** Writes README.md's table of settings from package.json: `node scripts/readme-settings.ts`. A unit test compares them. */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import manifest from "../package.json" with { type: "json" };
import strings from "../package.nls.json" with { type: "json" };

const readme = path.join(import.meta.dirname, "../README.md");
const start = "<!-- settings:start -->";
const end = "<!-- settings:end -->";

/** README.md as it is, and as it should be. */
export function readmeWithSettings(): { readonly current: string; readonly wanted: string } {
  const current = readFileSync(readme, "utf8");
  const [before, rest = ""] = current.split(start);
  const [, after] = rest.split(end);
  return { current, wanted: `${before}${start}\n${settingsSection()}\n${end}${after}` };
}

function settingsSection(): string {
  const rows = Object.entries(manifest.contributes.configuration.properties).map(
    ([name, { default: value, markdownDescription }]) =>
      `| \`${name}\` | \`${JSON.stringify(value)}\` | ${localized(markdownDescription)} |`,
  );
  return ["## Settings", "", "| setting | default | what it does |", "|---|---|---|", ...rows].join("\n");
}

/** `%setting.target%` → the text in package.nls.json. */
function localized(key: string): string {
  const text = (strings as Readonly<Record<string, string>>)[key.replaceAll("%", "")];
  if (text === undefined) throw new Error(`package.nls.json has no ${key}`);
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

if (process.argv[1] === import.meta.filename) writeFileSync(readme, readmeWithSettings().wanted);
