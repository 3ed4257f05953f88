import type { Protocol } from "devtools-protocol";
import { expect, it } from "vitest";
import { elementCount, renderConsole, renderValue, typeOf } from "../../../src/debug-adapter/variables/render.ts";

type RemoteObject = Protocol.Runtime.RemoteObject;

const text = (value: string): RemoteObject => ({ type: "string", value });
const number = (value: number): RemoteObject => ({ type: "number", value, description: String(value) });

it.each<[RemoteObject, string]>([
  [text("plain"), "'plain'"],
  [text("it's"), `"it's"`],
  [text(`"it's"`), '`"it\'s"`'],
  [text("two\nlines\\"), String.raw`'two\nlines\\'`],
  [number(-1.5), "-1.5"],
  [{ type: "number", unserializableValue: "-0", description: "-0" }, "-0"],
  [{ type: "bigint", unserializableValue: "10n", description: "10n" }, "10n"],
  [{ type: "undefined" }, "undefined"],
  [{ type: "object", subtype: "null", value: null }, "null"],
  [{ type: "symbol", description: "Symbol(id)" }, "Symbol(id)"],
  [{ type: "function", description: "function add(a, b) { return a + b; }" }, "ƒ add(a, b)"],
  [{ type: "function", description: "async (a) => a" }, "ƒ (a) => …"],
  [{ type: "function", description: "class Cart extends Base { }" }, "class Cart extends Base"],
  [{ type: "object", subtype: "error", description: "TypeError: no\n    at x" }, "TypeError: no"],
  [{ type: "object", className: "Cart", description: "Cart" }, "Cart"],
])("shows %j as %s", (value, expected) => {
  expect(renderValue(value)).toBe(expected);
});

it("shows arrays with holes, further properties and what was cut off", () => {
  const preview: Protocol.Runtime.ObjectPreview = {
    type: "object",
    subtype: "array",
    description: "Array(7)",
    overflow: false,
    properties: [
      { name: "0", type: "number", value: "1" },
      { name: "2", type: "string", value: "two" },
      { name: "3", type: "object", value: "Object" },
      { name: "label", type: "object", subtype: "null", value: "null" },
    ],
  };
  const value: RemoteObject = { type: "object", subtype: "array", description: "Array(7)", preview };

  expect(renderValue(value)).toBe("(7) [1, empty, 'two', {…}, label: null, empty × 3]");
  expect(renderValue({ ...value, preview: { ...preview, overflow: true } })).toContain(", …]");
  expect(elementCount(value)).toBe(7);
  expect(elementCount({ type: "object", subtype: "typedarray", description: "Uint8Array(12)" })).toBe(12);
  expect(elementCount({ type: "object", description: "Object" })).toBeUndefined();
});

it("names the class as the type", () => {
  expect(typeOf({ type: "object", className: "Cart" })).toBe("Cart");
  expect(typeOf({ type: "object", subtype: "null", value: null })).toBe("null");
  expect(typeOf(number(1))).toBe("number");
});

it.each<[RemoteObject[], string]>([
  [[text("a"), number(1)], "a 1"],
  [[text("%s is %d (%i) %%"), text("x"), number(1.5), number(1.5)], "x is 1.5 (1) %"],
  [[text("%c styled"), text("color: red")], " styled"],
  [[text("%s and %s"), text("one")], "one and %s"],
  [[text("100%")], "100%"],
  [[text("done"), { type: "object", subtype: "error", description: "Error: e\n    at f" }], "done Error: e\n    at f"],
  [[], ""],
])("prints console arguments %j as %j", (values, expected) => {
  expect(renderConsole(values)).toBe(expected);
});
