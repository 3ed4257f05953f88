import { globSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { describeError, deserializeError, errorCodes, FaasifyError, serializeError } from "../../../src/core/errors.ts";

it("docs/troubleshooting.md has one heading per code, in the same order", () => {
  const text = readFileSync("docs/troubleshooting.md", "utf8");

  const headings = Array.from(text.matchAll(/^## (.+)$/gm), ([, heading]) => heading);
  expect(headings).toEqual([...errorCodes]);
});

it("every code is used", () => {
  const sources = globSync("src/**/*.ts").filter((file) => !file.endsWith("errors.ts"));
  const text = sources.map((file) => readFileSync(file, "utf8")).join("\n");

  expect(errorCodes.filter((code) => !text.includes(`"${code}"`))).toEqual([]);
});

it("a failure crosses a process border with code and remedy; a bug stays a bug", () => {
  const failure = new FaasifyError("port-taken", "Port 80 is taken", { remedy: "Choose another" });

  const arrived = deserializeError(serializeError(failure));
  expect(arrived).toBeInstanceOf(FaasifyError);
  expect(arrived).toMatchObject({ code: "port-taken", message: "Port 80 is taken", remedy: "Choose another" });
  expect(describeError(arrived)).toBe("Port 80 is taken. Choose another.");
  expect(deserializeError(serializeError(new TypeError("bug")))).not.toBeInstanceOf(FaasifyError);
});

it("is recognised when another bundle's copy of the class made it", async () => {
  const copy = (await import(/* @vite-ignore */ `${import.meta.dirname}/../../../src/core/errors.ts?copy`)) as {
    FaasifyError: typeof FaasifyError;
  };
  const foreign = new copy.FaasifyError("port-taken", "taken", { remedy: "Choose another" });

  expect(copy.FaasifyError).not.toBe(FaasifyError);
  expect(foreign).toBeInstanceOf(FaasifyError);
  expect(new Error("x")).not.toBeInstanceOf(FaasifyError);
  expect({ name: "FaasifyError", code: "port-taken" }).not.toBeInstanceOf(FaasifyError);
});
