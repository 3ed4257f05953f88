import { describe, expect, it } from "vitest";
import { declaredEnvironment, environmentText } from "../../../src/deploy/declared-environment.ts";

const nothing = { declared: [], caller: {}, before: {}, given: {} };

describe("declared environment variables", () => {
  it("are taken as they are set where the function is deployed, and no others", () => {
    const { values, report } = declaredEnvironment({
      ...nothing,
      declared: ["STAGE", "LIMIT", "EMPTY"],
      caller: { STAGE: "test", OTHER: "x", EMPTY: "" },
    });

    expect(values).toEqual({ STAGE: "test", EMPTY: "" });
    expect(report).toEqual({ given: [], taken: ["EMPTY", "STAGE"], kept: [], withheld: [], unset: ["LIMIT"] });
  });

  it.each([
    ["API_KEY", "x"],
    ["GITHUB_TOKEN", "x"],
    ["DB_PASSWORD", "x"],
    ["stripe_secret", "x"],
    ["DB_PWD", "x"],
    ["SIGNING_KEY", "x"],
    ["DATABASE", "postgres://me:mine@host/db"],
  ])("do not leave unasked when they may be secret: %s", (name, value) => {
    const caller = { [name]: value };

    expect(declaredEnvironment({ ...nothing, declared: [name], caller })).toEqual({
      values: {},
      report: { given: [], taken: [], kept: [], withheld: [name], unset: [] },
    });
    expect(declaredEnvironment({ ...nothing, declared: [name], caller, given: caller }).values).toEqual(caller);
  });

  it.each(["MONKEY", "AUTHOR", "PWD", "TOKENIZER", "PASSAGE"])("are not taken for secrets: %s", (name) => {
    expect(declaredEnvironment({ ...nothing, declared: [name], caller: { [name]: "x" } }).values).toEqual({
      [name]: "x",
    });
  });

  it("stay as they were deployed, given ones too, where they are not set", () => {
    const before = { STAGE: "live", API_KEY: "k", EXTRA: "e" };
    const { values, report } = declaredEnvironment({
      declared: ["STAGE", "API_KEY"],
      caller: { API_KEY: "another" },
      before,
      given: { EXTRA: "new" },
    });

    expect(values).toEqual({ ...before, EXTRA: "new" });
    expect(report).toMatchObject({ given: ["EXTRA"], kept: ["API_KEY", "STAGE"], withheld: [] });
  });

  it("that the platform sets, or takes from nobody, are left to it", () => {
    const declared = ["AWS_REGION", "LAMBDA_TASK_ROOT", "_private", "npm.config"];
    const caller = Object.fromEntries(declared.map((name) => [name, "x"]));

    expect(declaredEnvironment({ ...nothing, declared, caller })).toMatchObject({ values: {}, report: { taken: [] } });
  });

  it("are told by name, never by value", () => {
    const { report } = declaredEnvironment({
      declared: ["STAGE", "API_KEY", "LIMIT"],
      caller: { STAGE: "live", API_KEY: "hidden" },
      before: {},
      given: { MODE: "quick" },
    });

    expect(environmentText(report)).toBe(
      "MODE as given; STAGE as set here; without API_KEY, which may be secret (send it with --env API_KEY); LIMIT not set",
    );
    expect(environmentText(declaredEnvironment(nothing).report)).toBeUndefined();
  });
});
