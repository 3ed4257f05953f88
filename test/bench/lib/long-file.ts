/** The kinds of function that a business module has, so that every rule of the analysis gets something to do. */
const kinds: readonly ((index: number) => string)[] = [
  (index) => `
/** Sums up what is left of an order. */
export function total${index}(items: readonly Item[], discount = 0): number {
  let sum = 0;
  for (const item of items) {
    sum += item.price * item.quantity;
  }
  const rate = rates.get("default") ?? ${index};
  return Math.round((sum - discount) * (1 + rate) * 100) / 100;
}`,
  (index) => `
export const describe${index} = (item: Item): string => {
  const parts = [item.name, String(item.quantity), item.price.toFixed(2)];
  if (item.quantity > ${index}) parts.push("bulk");
  return parts.join(", ");
};`,
  (index) => `
export async function load${index}(file: string): Promise<Item[]> {
  const text = await readFile(path.resolve(file), "utf8");
  const items = JSON.parse(text) as Item[];
  console.log("loaded", items.length, "of ${index}");
  return items.filter((item) => item.quantity > 0);
}`,
  (index) => `
export class Cart${index} {
  readonly #items: Item[] = [];

  add(item: Item): number {
    this.#items.push(item);
    seen += 1;
    return this.#items.length;
  }

  static empty(): number {
    return total0([], ${index});
  }
}`,
];

/** A TypeScript module of exactly `lines` lines. */
export function longFile(lines: number): string {
  const head = `import { readFile } from "node:fs/promises";
import path from "node:path";

export interface Item {
  readonly name: string;
  readonly price: number;
  readonly quantity: number;
}

const rates = new Map([["default", 0.2]]);
let seen = 0;`;
  const text = head.split("\n");
  for (let index = 0; ; index++) {
    const more = kinds[index % kinds.length]?.(index).split("\n") ?? [];
    if (text.length + more.length > lines) break;
    text.push(...more);
  }
  while (text.length < lines) text.push("");
  return `${text.join("\n")}\n`;
}

/** Lines (from 0) that compute something: where an edit changes what a function does, and nothing else. */
export function editableLines(text: string): readonly number[] {
  return text.split("\n").flatMap((line, index) => (/^ {2}let sum = |^ {2}const parts = /.test(line) ? [index] : []));
}
