import { expect, it } from "vitest";
import { readmeWithSettings } from "../../scripts/readme-settings.ts";

it("README.md lists the settings of package.json (node scripts/readme-settings.ts writes them)", () => {
  const { current, wanted } = readmeWithSettings();

  expect(current).toBe(wanted);
});
