/** Programs that provoke every reason, ruling and problem there is: by rule, and by what the author has done. */

/** Path → text. */
export type Files = Readonly<Record<string, string>>;

const ts = (text: string): Files => ({ "a.ts": text });
const mjs = (text: string): Files => ({ "a.mjs": text });

export const programs: Readonly<Record<string, Files>> = {
  // Definitions
  "a program's main function": mjs("main();\nfunction main() { console.log(1); }"),
  "a test file": { "a.test.mjs": "import { test } from 'node:test';\nexport function helper() {}\ntest('a', helper);" },
  "a nested function": ts(
    "export function outer(n: number) {\n  const k = n * 2;\n  function inner(x: number) { return x + k; }\n  return inner(1);\n}",
  ),
  "a nested function that captures nothing": ts(
    "export function outer() {\n  function inner(x: number) { return x; }\n  return inner(1);\n}",
  ),
  "a function that takes its caller's this": mjs("export function f() { return this.x; }"),
  "a function made with new": mjs("export function Point(x) { this.x = x; }\nexport const p = new Point(1);"),
  "new.target": mjs("export function f() { return new.target; }"),
  "super of an object": mjs(
    "const base = { greet() { return 'hi'; } };\nexport const o = { __proto__: base, greet() { return super.greet(); } };",
  ),
  "super inside a method": ts(
    "class A { name() { return 'a'; } }\nexport class B extends A {\n  name() { const up = () => super.name(); return up(); }\n}",
  ),
  "a generator": mjs("export function* f() { yield 1; }"),
  "what talks with its caller in a way that cannot be kept": mjs(`import { Readable } from "node:stream";
export function* f({ a }, b = a) { yield b; }
export async function late(act) { const t = setTimeout(() => act(1), 1); if (act(0)) clearTimeout(t); }
export function words(text) { return text.matchAll(/x/g); }
export function stream(list) { return Readable.from(list); }
export function iterate(list) { return list[Symbol.iterator](); }
export const shop = (n) => ({ price: () => n });`),
  "a callback": ts("export function f(act: () => void) { act(); }\nexport function g(act?: () => void) { act?.(); }"),
  "a result that is code": mjs(
    [
      "export function f() { return () => 1; }",
      "export function c() { return class {}; }",
      "export const p = () => new Proxy({}, {});",
      "export const w = () => new WeakMap();",
      "export const s = () => new WeakSet();",
      "export const r = () => new WeakRef({});",
      "export const o = () => ({ run() {} });",
      "function* each() { yield 1; }",
      "export const g = () => each();",
    ].join("\n"),
  ),
  "types that cannot travel": ts(
    "export function f(hooks: { done: () => void }): { run: () => void } | undefined { return hooks as never; }",
  ),
  "a class or object without a name": ts(
    "export default class { run() { return this; } }\nexport const list = [{ go() { return 1; } }];",
  ),
  decorators: ts(
    "function logged(...all: unknown[]): void {}\n@logged\nexport class A { run() { return 1; } }\nexport class B { @logged run() { return 1; } }",
  ),
  "a field that is a function": ts(
    "export class A {\n  n = 1;\n  run = () => this.n;\n  other() { return this.n; }\n}",
  ),
  "a class of a package": {
    "a.mjs": "import { Base } from 'base';\nexport class A extends Base { run() { return this.x; } }",
    "node_modules/base/package.json": '{"name":"base","type":"module","exports":"./index.js"}',
    "node_modules/base/index.js": "export class Base {}",
  },
  "private state that cannot be made again": ts(
    [
      "export class A { accessor x = 1; run() { return this.x; } }",
      "export class B { #y = Date.now(); read() { return this.#y + next(); } }",
      "export class P {}",
      "export class C extends P { #z = 1; constructor() { console.log(1); super(); } read() { return this.#z; } }",
      "let n = 0;",
      "function next() { return ++n; }",
      "export class D { #q = next(); read() { return this.#q; } }",
    ].join("\n"),
  ),
  "what a method does with its instance": ts(
    [
      "export class A {",
      "  n = 0; m = 1;",
      "  whole() { return Object.keys(this); }",
      "  wholeAndWrites() { this.n = 1; return Object.keys(this); }",
      "  both() { this.n = this.m; }",
      "  one() { return this.n; }",
      "  computed(key: 'n' | 'm') { this[key] = 1; }",
      "  async late() { await null; this.n += 1; }",
      "}",
    ].join("\n"),
  ),
  "a method replaced later": mjs(
    "export class A { run() { return 1; } }\nA.prototype.run = () => 2;\nexport let f = () => 1;\nf = () => 2;",
  ),
  // Nested functions
  "a nested function that others change": mjs(
    [
      "export function counts() {",
      "  let n = 0;",
      "  async function inner() { await fetch('http://x'); n += 1; }",
      "  return inner();",
      "}",
      "export async function late() { await fetch('http://x'); this.n = 1; }",
    ].join("\n"),
  ),
  "a nested function that uses what is around it": mjs(
    [
      "const k = 1;",
      "export function again(n) { const inner = (m) => again(m - 1); return n ? inner(n) : 0; }",
      "export function around() { function outer(n) { function inner() { return outer(n - 1); } return n ? inner() : 0; } return outer(1); }",
      "export function properties() { function inner() { inner.n = 1; return inner.n; } return inner(); }",
      "export function twoVariables() { const k = 1; const a = () => k; { const k = 2; const inner = () => k + a(); return inner(); } }",
      "export function twoThings() { const a = () => k; { const k = 2; const inner = () => k + a(); return inner(); } }",
      "export function another() { const k = 1; const a = () => k; { const k = 2; const inner = () => a(); return inner() + k; } }",
      "export function constant() { const c = 1; const inner = () => { c = 2; }; return inner(); }",
      "export function counted() { const inner = () => arguments.length; return inner(); }",
      "export function given() { const inner = () => [...arguments]; return inner(); }",
      "export function object() { const o = { n: 1, get() { return this.n; } }; return o.get(); }",
      "export function borrowed() { const a = () => this; function inner() { return a(); } return inner(); }",
      "export class A { #x = 1; y = 2; own() { const inner = () => this.y; return inner(); } hidden() { const inner = (o) => o.#x; return inner(this); } }",
      "export function calls(act) { const inner = () => act(); return inner(); }",
    ].join("\n"),
  ),
  "a nested function in TypeScript": ts(
    [
      "export function constants() { const enum E { A = 1 } const inner = () => E.A; return inner(); }",
      "export function spaces() { namespace S { export const x = 1; } const inner = () => S.x; return inner(); }",
    ].join("\n"),
  ),
  "a nested function in sloppy code": {
    "a.cjs": [
      "exports.scoped = function (o) { with (o) { const inner = () => x; return inner(); } };",
      "exports.hoisted = function () { { function g() { return 1; } } const inner = () => g(); return inner(); };",
      "exports.aliased = function () { let n = 1; function inner(a) { arguments[0] = 2; return a + n; } return inner(1); };",
    ].join("\n"),
  },
  "objects with methods that are changed": mjs(
    [
      "export const counter = { n: 0 };",
      "counter.next = function () { return ++this.n; };",
      "export const adds = { more(x) { this['x' + x] = 1; } };",
      "export const hooks = { run: () => 1, n: 0 };",
      "export const setHook = (name) => { hooks[name] = 1; };",
      "export const list = [() => 1];",
      "export const push = (x) => { list.push(x); };",
      "export function makes() { function P() {} P.prototype.run = function () { return this.x; }; return P.name; }",
      "export class Area { w = 2; get size() { return this.w * 2; } }",
      "console.log(new Area().size);",
    ].join("\n"),
  ),
  "a constructor with methods": mjs("export function P() {}\nP.prototype.run = function () { return 1; };"),
  // Dependencies
  "what is not installed": {
    "a.mjs": "import { x } from 'gone';\nimport { y } from './b.mjs';\nexport const f = () => x + y();",
    "b.mjs": "import z from 'lost';\nexport const y = () => z;",
  },
  "a file that is no code": {
    "a.mjs": "import css from './a.css';\nimport { b } from './b.mjs';\nexport const f = () => css + b();",
    "a.css": "a {}",
    "b.mjs": "import text from './b.txt';\nexport const b = () => text;",
    "b.txt": "b",
  },
  "a native addon": {
    "a.mjs": "import { run } from 'addon';\nexport const f = () => run();",
    "node_modules/addon/package.json":
      '{"name":"addon","type":"module","exports":"./index.js","gypfile":true,"binary":{"module_name":"addon"},"dependencies":{"node-gyp-build":"1"}}',
    "node_modules/addon/index.js": "export const run = () => 1;",
  },
  "its own place": mjs(
    "export const f = () => import.meta.url;\nconst here = import.meta.url;\nexport const g = () => here;",
  ),
  "a module by a name of the moment": mjs("export const f = (name) => import(name);"),
  "a variable that another file fills": {
    "a.mjs":
      "import { table } from './table.mjs';\nimport { unused } from './fill.mjs';\nexport const f = (k) => table[k];\nexport const g = () => unused;",
    "table.mjs": "export const table = {};",
    "fill.mjs": "import { table } from './table.mjs';\ntable.x = 1;\nexport const unused = 1;",
  },
  "data that is changed": {
    "a.mjs":
      "import data from './d.json' with { type: 'json' };\ndata.x = 1;\nexport const f = () => data.x;\nexport function change() { data.x = 2; }",
    "d.json": "{}",
  },
  // Captured values and state
  "state that travels": mjs(
    "let n = 0;\nexport const f = () => ++n;\nconst list = [];\nexport const all = () => list;\nexport const add = (x) => list.push(x);",
  ),
  "state that is pinned": mjs("let n = 0;\n// @faasify state=pinned\nexport const f = () => ++n;"),
  "a constant compared with what callers give": mjs("export const NONE = {};\nexport const f = (x) => x === NONE;"),
  "state in closures and functions": mjs(
    [
      "export const closed = (() => { let n = 0; return () => ++n; })();",
      "export const f = () => closed();",
      "function counter() { let n = 0; return { next: () => ++n }; }",
      "const made = counter();",
      "export const g = () => made.next();",
      "function* ids() { yield 1; }",
      "const source = ids();",
      "export const h = () => source.next().value;",
      "const word = /a/g;",
      "export const i = (text) => word.test(text);",
      "const self = { n: 0, next() { return ++this.n; } };",
      "export const j = () => self.next();",
      "export class Count { n = 0; up() { return ++this.n; } }",
      "const count = new Count();",
      "export const k = () => count.up();",
      "export class Own { static n = 0; static up() { return ++this.n; } static late() { return ++this.other; } }",
      "export const l = () => Own.up();",
      "const Named = class Inner { static n = 0; static up() { return ++Inner.n; } };",
      "export const m = () => Named.up();",
      "let act = () => 1;",
      "export const setAct = (a) => { act = a; };",
      "export const o = () => act();",
      "const hooks = { run: () => 1, n: 0 };",
      "export const p = () => ++hooks.n;",
      "const weak = new WeakMap();",
      "export const q = (o) => weak.set(o, 1).has(o);",
      "export const r = () => { r['x' + 1] = 2; return r.x1; };",
      "export class Held { run = () => 1; n = 0; }",
      "const held = new Held();",
      "export const s = () => ++held.n;",
      "export const plain = function () { plain.calls = 1; return plain.calls; };",
    ].join("\n"),
  ),
  "a function that is given later": mjs(
    "let current;\nexport const set = (act) => { current = act; };\nexport const run = () => current();",
  ),
  "state of a package": {
    "a.mjs": "import { memoize } from 'keeper';\nconst cached = memoize((x) => x);\nexport const f = (x) => cached(x);",
    "node_modules/keeper/package.json": '{"name":"keeper","type":"module","exports":"./index.js"}',
    "node_modules/keeper/index.js": "export const memoize = (f) => f;",
  },
  "values of one moment": mjs(
    [
      "import os from 'node:os';",
      "const id = Math.random();",
      "const start = Date.now();",
      "const host = os.hostname();",
      "const page = fetch('http://x');",
      "export const a = () => id;",
      "export const b = () => start;",
      "export const c = () => host;",
      "export const d = () => page;",
      "let seed = Math.random();",
      "export const e = () => seed;",
    ].join("\n"),
  ),
  "asynchronous state": mjs("let n = 0;\nexport async function f() { await fetch('http://x'); n += 1; }"),
  "an instance that cannot be sent": {
    "a.mjs":
      "import { Base } from 'base';\nclass A extends Base { n = 0; up() { return ++this.n; } }\nconst a = new A();\nexport const f = () => a.up();",
    "node_modules/base/package.json": '{"name":"base","type":"module","exports":"./index.js"}',
    "node_modules/base/index.js": "export class Base {}",
  },
  // Effects
  "exports that are changed": {
    "a.cjs": "exports.count = 0;\nexports.f = () => { exports.count += 1; return exports.count; };",
  },
  "the process": mjs(
    [
      "import { spawn } from 'node:child_process';",
      "import path from 'node:path';",
      "export const argv = () => process.argv[2];",
      "export const start = () => { spawn('ls'); };",
      "export const folder = () => process.cwd();",
      "export const file = () => path.resolve('x');",
      "export const end = () => { process.exit(1); };",
      "export const wait = () => { process.on('exit', log); };",
      "function log() {}",
      "export const read = () => process.stdin.read();",
      "export const listen = (server) => { server.listen(80); };",
      "export const timer = () => { setTimeout(log, 1); };",
      "export const env = (name) => process.env[name];",
      "export const set = () => { process.env.X = '1'; };",
      "export const glob = () => { globalThis.mode = 1; };",
      "export const math = () => { Math.x = 1; };",
      "export const alertUser = () => alert('x');",
      "export const run = (text) => eval(text);",
    ].join("\n"),
  ),
  files: mjs(
    "import fs from 'node:fs';\nexport const read = (name) => fs.readFileSync(name, 'utf8');\nexport const write = (name) => fs.writeFileSync(name, '');",
  ),
  arguments: mjs("export function f(o) { o.x = 1; }"),
  "open resources": mjs(
    [
      "import net from 'node:net';",
      "import http from 'node:http';",
      "import fs from 'node:fs';",
      "import { spawn } from 'node:child_process';",
      "import { Worker } from 'node:worker_threads';",
      "import readline from 'node:readline';",
      "import { DatabaseSync } from 'node:sqlite';",
      "import { Pool } from 'pg';",
      "const socket = net.connect(80);",
      "const server = http.createServer();",
      "const request = http.request('http://x');",
      "const file = fs.openSync('x');",
      "const watcher = fs.watch('x');",
      "const child = spawn('ls');",
      "const worker = new Worker('x');",
      "const terminal = readline.createInterface(process.stdin);",
      "const data = new DatabaseSync(':memory:');",
      "const pool = new Pool();",
      "export const a = () => socket.write('');",
      "export const b = () => server.address();",
      "export const c = () => request.path;",
      "export const d = () => file;",
      "export const e = () => watcher;",
      "export const f = () => child.pid;",
      "export const g = () => worker.threadId;",
      "export const h = () => terminal.line;",
      "export const i = () => data.open;",
      "export const j = () => pool.query('');",
    ].join("\n"),
  ),
  "through others": mjs(
    "import net from 'node:net';\nconst socket = net.connect(80);\nconst send = () => socket.write('');\nexport const f = () => send();\nconst leave = () => process.exit();\nexport const g = () => leave();",
  ),
  "called before its file is loaded": mjs(
    "export const f = () => rate;\nf();\nlet rate = 2;\nexport const g = () => mode();\ng();\nglobalThis.mode = () => 1;",
  ),
  "a global changed elsewhere": mjs(
    "export const f = () => globalThis.mode;\nexport function change() { globalThis.mode = 2; }",
  ),
  "a trivial function in a loop": mjs(
    "const square = (x) => x * x;\nexport const sum = (list) => list.reduce((all, x) => all + square(x), 0);",
  ),
  // Directives
  "directives with mistakes": mjs(
    [
      "// @faasify",
      "export const a = () => 1;",
      "// @faasify memroy=512",
      "export const b = () => 1;",
      "// @faasify memory=512 memory=1024",
      "export const c = () => 1;",
      "// @faasify memory",
      "export const d = () => 1;",
      "// @faasify local=yes",
      "export const e = () => 1;",
      "// @faasify memory=1 timeout=1000 target=A! state=traveling allow=fils arch=x87 url=opne",
      "export const f = () => 1;",
      "// @faasify local remote",
      "export const g = () => 1;",
      "// @faasify local",
      "export const h = () => 1;",
      "// @faasify remote",
      "export const i = () => process.exit();",
      "// @faasify memory=512",
      "const text = 1;",
    ].join("\n"),
  ),
  // Programs
  "rulings of a decomposition": mjs(
    [
      "import { readFileSync } from 'node:fs';",
      "export const pid = () => process.pid;",
      "export function starts() { fetch('http://x'); }",
      "export async function prints() { await null; console.log(1); }",
      "let n = 0;",
      "export const set = (m) => { n = m; };",
      "export async function waits() { await null; return n; }",
      "export async function later(o) { const t = setTimeout(() => { o.x = 1; }, 1); if (o.y) clearTimeout(t); }",
      "// @faasify allow=files",
      "export async function loads(name) { return (await import(name)).x; }",
      "// @faasify allow=files",
      "export const place = () => import.meta.url;",
      "export const shop = { f(shop) { return [this, shop]; } };",
      "export const args = () => arguments.length;",
      "export function keeps() { keeps.calls = (keeps.calls ?? 0) + 1; return keeps.calls; }",
      "export const tagged = () => tag`a${n++}`;",
      "function tag(strings) { return strings; }",
      "export const source = () => String(helper);",
      "function helper() { return helperText; }",
      "const helperText = String(shown);",
      "export function shown() { return 1; }",
      "// @faasify allow=environment",
      "export const env = (name) => process.env[name];",
      "export const outer = (x) => inner(x);",
      "function inner(x) { return x + 1; }",
      "console.log(outer(1));",
    ].join("\n"),
  ),
  "a function that was not selected": mjs("export const unselected = (x) => x + 1;"),
  "a function that keeps something": mjs("export function keeps() { return keeps.cache; }"),
  "a function with two names": mjs(
    "const same = (f) => f;\nfunction plus(a, b) { return a + b; }\nexport const add = same(plus);\nexport const sum = same((a, b) => a + b);\nconsole.log(add(1, 2), sum(1, 2));",
  ),
  "a function that a call makes": mjs(
    "function curry(f) { return (a) => (b) => f(a, b); }\nexport const add = curry((a, b) => a + b);\nconsole.log(add(1)(2));",
  ),
  "what a statement makes when a file is loaded": mjs(
    "globalThis.started = Date.now();\nexport const f = () => globalThis.started;",
  ),
  "values made when a file is loaded": {
    "a.mjs":
      "import { EventEmitter } from 'node:events';\nconst events = new EventEmitter();\nexport const f = () => events;\nexport const add = ((x) => (y) => x + y)(1);\nconst key = Symbol('key');\nexport const g = () => key.description;\nconst { a } = { a: Symbol('a') };\nexport const h = () => a.description;",
  },
  "files that travel and are written": mjs(
    "import fs from 'node:fs';\nexport const f = () => fs.readFileSync(new URL('./rates.txt', import.meta.url), 'utf8');\nfs.writeFileSync(new URL('./rates.txt', import.meta.url), '1');\nconsole.log(f());",
  ),
};
