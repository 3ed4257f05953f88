import { expect, it } from "vitest";
import { extractionRefusal } from "../../../src/transform/extraction-refusal.ts";

const text = `import { vat } from "./vat.ts";
export function bill(net: number[]): number {
  let sum = 0;
  for (const one of net) {
    if (one < 0) continue;
    sum += one;
  }
  return sum + vat(sum);
}
`;

function refusalOf(selected: string, file = "/shop/bill.ts"): string | undefined {
  const start = text.indexOf(selected);
  return extractionRefusal({ file, text, start, end: start + selected.length });
}

it("is none for whole statements and for an expression", () => {
  expect(refusalOf("for (const one of net) {\n    if (one < 0) continue;\n    sum += one;\n  }")).toBeUndefined();
  expect(refusalOf("sum + vat(sum)")).toBeUndefined();
});

it("gives TypeScript's own reason", () => {
  expect(refusalOf("if (one < 0) continue;")).toMatch(/conditional break or continue/);
  expect(refusalOf('import { vat } from "./vat.ts";')).toMatch(/import/i);
});

it("is there for half a statement too, and for JavaScript", () => {
  expect(refusalOf("0) continue")).toBeDefined();
  expect(refusalOf("sum + vat(sum)", "/shop/bill.js")).toBeUndefined();
});
