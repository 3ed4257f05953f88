import { expect, it } from "vitest";
import type { Effect } from "../../../src/core/function-model.ts";
import type { Observation } from "../../../src/verify/observation.ts";
import { snapshotOf } from "../../../src/verify/snapshot.ts";
import { verify } from "../../../src/verify/verify.ts";

const giving = (...results: readonly unknown[]): readonly Observation[] =>
  results.map((result) => ({
    input: "1",
    outcome: "returned",
    promise: false,
    values: snapshotOf({ result, arguments: [] }),
    output: [],
  }));

function sides(originals: readonly (readonly Observation[])[], deployed: readonly Observation[]) {
  let runs = 0;
  return {
    original: async () => originals[runs++] ?? [],
    deployed: async () => deployed,
    runs: () => runs,
  };
}

const without: { effects: readonly Effect[] } = { effects: [] };

it("runs the original once where nothing differs", async () => {
  const both = sides([giving(1, 2)], giving(1, 2));

  expect(await verify(without, both)).toMatchObject({ equal: 2, different: 0, nondeterministic: 0 });
  expect(both.runs()).toBe(1);
});

it("says which case differs and where", async () => {
  const verification = await verify(without, sides([giving(1, 2), giving(1, 2)], giving(1, 3)));

  expect(verification).toMatchObject({ equal: 1, different: 1 });
  expect(verification.cases[1]).toMatchObject({
    number: 2,
    outcome: "different",
    difference: { path: "result", original: "2", deployed: "3" },
  });
});

it("blames nobody for a difference that the original has to itself", async () => {
  const { cases, different } = await verify(without, sides([giving(1, 5), giving(1, 6)], giving(1, 7)));

  expect(different).toBe(0);
  expect(cases[1]).toMatchObject({ outcome: "nondeterministic", because: expect.stringContaining("result: 6 ≠ 5") });
});

it("blames nobody for a difference where the function reads the clock", async () => {
  const { cases } = await verify({ effects: ["console", "time"] }, sides([giving(5), giving(5)], giving(6)));

  expect(cases[0]).toMatchObject({ outcome: "nondeterministic", because: "it reads the clock" });
});

it("does not take a missing call for an equal one", async () => {
  expect(await verify(without, sides([giving(1, 2), giving(1, 2)], giving(1)))).toMatchObject({
    equal: 1,
    different: 1,
  });
});
