import { expect, it } from "vitest";
import { findFunctionBody } from "../../../src/debug-adapter/sources/function-body.ts";

const text = `import { x } from "./x.ts";

// function total() { a comment }
const label = "function total() {";

export function total(items: { price: number }[], { rate = 1 } = {}): { sum: number } {
  return { sum: 0 };
}

export const area = (width: number, height: number): number => width * height;

const handler: (event: unknown) => Promise<void> = async (event) => {
  console.log(event);
};

class Cart {
  items = [];
  async add<T>(item: T): Promise<void> {
    this.items.push(item);
  }
  static empty(): Cart {
    return new Cart();
  }
}

function outer() {
  function inner() {
    return 1;
  }
  return inner();
}

export default async function () {
  await x();
}
`;

it.each([
  ["total", "  return { sum: 0 }"],
  ["area", "width * height;"],
  ["handler", "  console.log(event)"],
  ["Cart.add", "    this.items.push"],
  ["Cart.empty", "    return new Cart"],
  ["outer.inner", "    return 1"],
  ["default", "  await x()"],
])("finds the body of %s", (name, begin) => {
  const body = findFunctionBody(text, name);

  const rest = text.split("\n").slice((body?.line1 ?? 0) - 1);
  const behind = [rest[0]?.slice((body?.column1 ?? 1) - 1), ...rest.slice(1)].join("\n").replace(/^\n/, "");
  expect(behind.startsWith(begin)).toBe(true);
});

it("finds nothing for a name that is not defined", () => {
  expect(findFunctionBody(text, "absent")).toBeUndefined();
  expect(findFunctionBody(text, "Cart.absent")).toBeUndefined();
  expect(findFunctionBody("", "default")).toBeUndefined();
});
