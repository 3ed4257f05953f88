import { expect, it } from "vitest";
import { inHex } from "../../../src/debug-adapter/variables/hex.ts";
import { renderValue } from "../../../src/debug-adapter/variables/render.ts";

const shown = (value: Parameters<typeof inHex>[0]): string => renderValue(inHex(value));

it("writes whole numbers in hexadecimal and leaves everything else", () => {
  expect(shown({ type: "number", value: 255, description: "255" })).toBe("0xff");
  expect(shown({ type: "number", value: -16, description: "-16" })).toBe("-0x10");
  expect(shown({ type: "number", value: 0.5, description: "0.5" })).toBe("0.5");
  expect(shown({ type: "number", unserializableValue: "NaN", description: "NaN" })).toBe("NaN");
  expect(shown({ type: "bigint", unserializableValue: "255n", description: "255n" })).toBe("0xffn");
  expect(shown({ type: "string", value: "255" })).toBe("'255'");
});

it("does so inside previews", () => {
  const properties = [{ name: "n", type: "number" as const, value: "10" }];
  const preview = { type: "object" as const, description: "Object", overflow: false, properties };
  expect(shown({ type: "object", preview })).toBe("{n: 0xa}");
});
