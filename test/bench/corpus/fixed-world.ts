/** The same clock and the same random numbers for a function and its unit. Imported before any code that may keep them. */
const FIXED_MS = Date.UTC(2024, 1, 29, 12, 34, 56, 789);
const RealDate = Date;
let random = 1;

/** Before every call: both sides draw the same numbers. */
export function resetWorld(): void {
  random = 42;
}

Math.random = () => {
  random = (random * 48271) % 0x7fffffff;
  return random / 0x7fffffff;
};
const words = (view: ArrayBufferView): Uint8Array => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
crypto.getRandomValues = <T extends ArrayBufferView | null>(view: T): T => {
  if (view) words(view).forEach((_, index, bytes) => (bytes[index] = Math.floor(Math.random() * 256)));
  return view;
};
RealDate.now = () => FIXED_MS;
performance.now = () => 1000;
const fixed: DateConstructor = new Proxy(RealDate, {
  construct: (target, args: readonly unknown[], newTarget): Date =>
    Reflect.construct(target, args.length === 0 ? [FIXED_MS] : args, newTarget === fixed ? target : newTarget) as Date,
  apply: () => new RealDate(FIXED_MS).toString(),
});
RealDate.prototype.constructor = fixed;
globalThis.Date = fixed;
