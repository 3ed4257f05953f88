/** Functions of objects and classes: which there are, by what names, and what they change. */
import { describe, expect, it } from "vitest";
import { messages, project } from "./project.ts";

function modelsOf(text: string, file = "a.mjs") {
  using files = project({ [file]: text });
  return files.functions(file);
}

describe("the names of members", () => {
  it.each([
    ["const api = { f() {}, g: () => 1, h: function () {} };", ["api.f", "api.g", "api.h"]],
    ["const api = { a: { f() {}, b: { g() {} } } };", ["api.a.f", "api.a.b.g"]],
    [
      "const K = 'k', api = { [K]() {}, 'a-b'() {}, 'a b'() {}, 1() {}, [1 + 1]() {} };",
      ["api.[K]", "api.a-b", 'api.["a b"]'.replaceAll('"', "'"), "api.[1]"],
    ],
    ["class T { get v() { return 1; } set v(x) {} static get w() { return 1; } }", ["T.v", "T.v=", "T.w"]],
    ["class T { [Symbol.iterator]() {} }", ["T.[Symbol.iterator]"]],
    ["function T() {}\nT.prototype.m = function () {};\nT.of = () => 1;", ["T", "T.m", "T.of"]],
    ["const api = {};\napi.f = () => 1;\napi.sub.g = function () {};", ["api.f", "api.sub.g"]],
    ["import { api } from './b.mjs';\napi.f = () => 1;", []],
  ])("%s", (text, names) => {
    expect(Object.keys(modelsOf(text))).toEqual(names);
  });
});

describe("an object with methods that changes", () => {
  it.each([
    ["by a method", "const o = { n: 0, f() { return ++this.n; } };", "stateful"],
    ["by a function in a property", "const o = { n: 0, f: function () { return ++this.n; } };", "stateful"],
    [
      "by other code",
      "const o = { n: 0, f() { return this.n; } };\nexport const set = (x) => { o.n = x; };",
      "stateful",
    ],
    [
      "by its setter",
      "const o = { n: 0, f() { return this.n; }, set v(x) { this.n = x; } };\nexport const set = (x) => { o.v = x; };",
      "stateful",
    ],
    ["and is printed", "const o = { n: 0, f() { return ++this.n; } };\nconsole.log(o);", "stateful"],
    ["in what it did not have", "const o = { f() { return ++this.n; } };", "local"],
    ["in an object inside", "const o = { a: { n: 0, g() { this.n++; } }, f() { return this.a.n; } };", "local"],
    ["in an unknown property", "const o = { n: 0, f(k) { this[k] = 1; } };", "local"],
    ["and gives itself out", "const o = { n: 0, f() { this.n++; return this; } };", "local"],
    ["and is given out", "const o = { n: 0, f() { return ++this.n; } };\nexport const get = () => o;", "local"],
    ["by an assigned member", "const o = {};\no.n = 0;\no.f = function () { return ++this.n; };", "local"],
    ["in a function it holds", "const o = { g: () => 1, f() { this.g = () => 2; return this.g(); } };", "local"],
  ])("%s", (_how, text, verdict) => {
    expect(modelsOf(text)["o.f"]?.verdict).toBe(verdict);
  });
});

describe("a member stays that", () => {
  it.each([
    [
      "is assigned twice",
      "function T() {}\nT.prototype.f = function () {};\nT.prototype.f = function () {};",
      "is replaced",
    ],
    [
      "is replaced inside an object",
      "const T = { a: { f() {} } };\nexport const set = () => { T.a.f = () => 1; };",
      "is replaced",
      "T.a.f",
    ],
    [
      "has an instance that hides something in a mixin",
      "const M = (B) => class extends B { #x = 1; };\nclass T extends M(Object) { f() { return this.y; } }",
      "which is no class of this project",
    ],
  ])("%s", (_what, text, reason, name = "T.f") => {
    const model = modelsOf(text)[name];

    expect(model ? messages(model).join("\n") : "").toContain(reason);
    expect(model?.verdict).toBe("local");
  });
});
