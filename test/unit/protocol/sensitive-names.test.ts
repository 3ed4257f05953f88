import { expect, it } from "vitest";
import { createSensitiveNames, SENSITIVE_WORDS } from "../../../src/protocol/sensitive-names.ts";

const names = createSensitiveNames(SENSITIVE_WORDS);

it("knows secrets by their names, whatever the style", () => {
  const secrets = ["password", "PASSWORD_HASH", "dbPassword", "api-key", "apiKey", "X-Api-Key", "accessToken"];
  const others = ["", "user", "apiVersion", "keys", "pass", "author"];

  expect([...secrets, ...others].filter((name) => names.isSensitive(name))).toEqual(secrets);
});

it("finds them in expressions, also in strings", () => {
  expect(names.mentions("user.password.length")).toBe(true);
  expect(names.mentions("config['api-key']")).toBe(true);
  expect(names.mentions("user.name + 1")).toBe(false);
});

it("takes values out of text and leaves the rest", () => {
  expect(names.cleanText('{"password":"a\\"b","user":"ada"}')).toBe('{"password":[redacted],"user":"ada"}');
  expect(names.cleanText("https://a.test/?access_token=abc&page=2")).toBe(
    "https://a.test/?access_token=[redacted]&page=2",
  );
  expect(names.cleanText("Authorization: Bearer abc.def.ghi\nAccept: x")).toBe("Authorization: [redacted]\nAccept: x");
  expect(names.cleanText("Unexpected token } in JSON")).toBe("Unexpected token } in JSON");
});

it("takes time in proportion to the text", () => {
  const long = "x".repeat(1_000_000);
  const startedAt = performance.now();
  expect(names.cleanText(long)).toBe(long);
  expect(performance.now() - startedAt).toBeLessThan(5000);
});

it("hides nothing without words", () => {
  const open = createSensitiveNames([]);
  expect(open.isSensitive("password")).toBe(false);
  expect(open.cleanText("password=1")).toBe("password=1");
});
