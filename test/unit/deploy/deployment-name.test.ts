import { expect, it } from "vitest";
import { debugDeploymentName, deploymentName } from "../../../src/deploy/deployment-name.ts";

it("tells what it is, and is stable", () => {
  const name = deploymentName({ file: "/home/ada/shop/src/cart.ts", name: "checkout" });

  expect(name).toMatch(/^cart-checkout-[0-9a-f]{8}$/);
  expect(deploymentName({ file: "/home/ada/shop/src/cart.ts", name: "checkout" })).toBe(name);
});

it("keeps equal names in different files apart", () => {
  expect(deploymentName({ file: "/a/cart.ts", name: "f" })).not.toBe(deploymentName({ file: "/b/cart.ts", name: "f" }));
});

it.each([
  ["Cart.total", /^cart-Cart-total-[0-9a-f]{8}$/],
  ["价格", /^cart-[0-9a-f]{8}$/],
  ["x".repeat(300), /^cart-x+-[0-9a-f]{8}$/],
])("has only what Lambda takes: %s", (name, pattern) => {
  const ref = { file: "/a/cart.ts", name };

  expect(deploymentName(ref)).toMatch(pattern);
  expect(debugDeploymentName(ref)).toMatch(/^[a-zA-Z0-9-_]{1,64}$/);
  expect(debugDeploymentName(ref)).toBe(`${deploymentName(ref)}--debug`);
});

it("stays within the limit for a long file and a long function", () => {
  const ref = { file: `/a/${"long-file-".repeat(30)}.test.ts`, name: "Outer.inner".repeat(30) };

  expect(debugDeploymentName(ref).length).toBeLessThanOrEqual(64);
  expect(deploymentName(ref)).toMatch(/^long-file-.*-Outer-inner.*-[0-9a-f]{8}$/);
});
