/** How the variables of a snapshot look: they are data, with nothing behind them. Pure. */
import type { SnapshotVariable } from "../../protocol/launch-configuration.ts";
import { quote } from "./render.ts";

/** More members than this are not written into one line. */
const MAX_SHOWN = 5;

/** `sum = 3`, `item = {name: 'pen', price: 2}` */
export function renderSnapshot(variable: SnapshotVariable): string {
  return `${variable.name} = ${valueText(variable)}`;
}

/** One line: what is inside is shown one level deep. */
export function valueText({ type, value, count, children }: SnapshotVariable): string {
  if (type === "string") return quote(value);
  if (type === "Date") return new Date(Number(value)).toString();
  if (!children) return count === undefined ? value : `${value}(${count})`;
  const head = headOf(type, count);
  const body = bodyOf(children, type === "Array" || type === "Set", count);
  return head === "" ? body : `${head} ${body}`;
}

function headOf(type: string, count: number | undefined): string {
  const name = type === "Object" || type === "Array" ? "" : type;
  return `${name}${count === undefined ? "" : `(${count})`}`;
}

function bodyOf(children: readonly SnapshotVariable[], isList: boolean, count: number | undefined): string {
  const parts = children.slice(0, MAX_SHOWN).map((child) => {
    const text = shortText(child);
    return isList ? text : `${child.name}: ${text}`;
  });
  const more = children.length > MAX_SHOWN || (count ?? 0) > children.length ? [...parts, "…"] : parts;
  return isList ? `[${more.join(", ")}]` : `{${more.join(", ")}}`;
}

function shortText(variable: SnapshotVariable): string {
  const { type, count, children } = variable;
  if (!children) return valueText(variable);
  if (count !== undefined) return `${type === "Array" ? "" : type}(${count})`;
  return type === "Object" ? "{…}" : type;
}
