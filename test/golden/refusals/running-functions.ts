/** Functions of a running program, each marked by `⟨`, as an executor is given them. */
export const runningFunctions: readonly string[] = [
  "export const n = 1;⟨",
  "export function outer() { return run(⟨function* () { yield 1; }); }",
  "export function outer() { return run(⟨() => this.x); }",
  "export function outer() { return run(⟨() => arguments[0]); }",
  "export class A { ⟨m() { return 1; } }",
  "export function outer() { let n = 0; return run(⟨() => { n += 1; }); }",
];
