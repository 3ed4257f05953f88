/** How values look: as js-debug shows them, so that a user of the editor recognises everything. Pure. */
import type { Protocol } from "devtools-protocol";

type RemoteObject = Protocol.Runtime.RemoteObject;
type ObjectPreview = Protocol.Runtime.ObjectPreview;
type PropertyPreview = Protocol.Runtime.PropertyPreview;

/** Longer text is cut in previews of containers, never where the value itself is shown. */
const MAX_PREVIEW_STRING = 100;
const MAX_FUNCTION_TEXT = 100;
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g;

/** One line for the variables view, hovers and watches. */
export function renderValue(value: RemoteObject): string {
  switch (value.type) {
    case "string":
      return quote(String(value.value));
    case "undefined":
      return "undefined";
    case "function":
      return renderFunction(value.description ?? "");
    case "object":
      return renderObject(value);
    case "number":
    case "bigint":
    case "boolean":
    case "symbol":
      return renderPrimitive(value);
    default:
      return value.description ?? String(value.value);
  }
}

/** `type` of a DAP variable: the class where there is one. */
export function typeOf(value: RemoteObject): string {
  if (value.subtype === "null") return "null";
  return value.className ?? value.type;
}

/** Of an array or typed array: how many elements, from `Array(3)`; undefined for anything else. */
export function elementCount(value: RemoteObject): number | undefined {
  if (value.subtype !== "array" && value.subtype !== "typedarray") return undefined;
  const count = /\((\d+)\)$/.exec(value.description ?? "")?.[1];
  return count === undefined ? undefined : Number(count);
}

/** Whether there are bytes behind the value that can be read as memory. */
export function hasMemory({ subtype, className, objectId }: RemoteObject): boolean {
  if (objectId === undefined) return false;
  const kinds = ["arraybuffer", "typedarray", "dataview", "webassemblymemory"];
  return kinds.includes(subtype ?? "") || className === "SharedArrayBuffer";
}

/** As the user would write it: single quotes unless the text has some. */
export function quote(text: string): string {
  const mark = ["'", '"', "`"].find((candidate) => !text.includes(candidate)) ?? "'";
  const escaped = text
    .replaceAll("\\", "\\\\")
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r")
    .replaceAll("\t", "\\t")
    // Terminal styles among them: in a value they are text, not a style.
    .replaceAll(CONTROL, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
  return mark + escaped.replaceAll(mark, `\\${mark}`) + mark;
}

function renderPrimitive({ value, unserializableValue, description }: RemoteObject): string {
  return unserializableValue ?? description ?? String(value);
}

/** `ƒ add(a, b)` from the source text, `class Cart` for classes. */
function renderFunction(source: string): string {
  if (source.startsWith("class")) return source.slice(0, source.search(/\s*\{|$/));
  const head = /^(?:async\s+)?(?:function\s*\*?\s*)?([\w$]*\s*\([^)]*\))/.exec(source)?.[1];
  const arrow = /^(?:async\s+)?([\w$]+|\([^)]*\))\s*=>/.exec(source)?.[1];
  const text = arrow === undefined ? head : `${arrow} => …`;
  return `ƒ ${(text ?? source).replace(/\s+/g, " ").slice(0, MAX_FUNCTION_TEXT)}`;
}

function renderObject(value: RemoteObject): string {
  if (value.subtype === "null") return "null";
  if (isDescribed(value.subtype)) return firstLine(value.description ?? "");
  if (value.preview && String(value.subtype) === "internal#entry") return renderMapEntry(value.preview);
  if (value.preview) return renderPreview(value.preview);
  return value.description ?? value.className ?? "Object";
}

/** Values whose description says it all. */
function isDescribed(subtype: string | undefined): boolean {
  return subtype === "date" || subtype === "regexp" || subtype === "error";
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}

function renderPreview(preview: ObjectPreview): string {
  if (preview.subtype === "array" || preview.subtype === "typedarray") return renderArray(preview);
  const parts = [
    ...(preview.entries ?? []).map(renderEntry),
    ...preview.properties
      .filter(({ name }) => !(preview.entries && name === "size"))
      .map((property) => `${property.name}: ${renderProperty(property)}`),
  ];
  const name = preview.description ?? "Object";
  const body = `{${[...parts, ...(preview.overflow ? ["…"] : [])].join(", ")}}`;
  return name === "Object" ? body : `${name} ${body}`;
}

function renderArray(preview: ObjectPreview): string {
  const [, name = "Array", count = "0"] = /^(.*)\((\d+)\)$/.exec(preview.description ?? "") ?? [];
  const parts: string[] = [];
  let next = 0;
  for (const property of preview.properties) {
    const index = Number(property.name);
    if (!Number.isInteger(index)) parts.push(`${property.name}: ${renderProperty(property)}`);
    else {
      if (index > next) parts.push(index - next === 1 ? "empty" : `empty × ${index - next}`);
      parts.push(renderProperty(property));
      next = index + 1;
    }
  }
  if (preview.overflow) parts.push("…");
  else if (Number(count) > next) parts.push(`empty × ${Number(count) - next}`);
  return `${name === "Array" ? "" : name}(${count}) [${parts.join(", ")}]`;
}

/** An entry of a map or set on its own: V8 makes an object with `key` and `value` of it. */
function renderMapEntry({ properties }: ObjectPreview): string {
  const texts = new Map(properties.map((property) => [property.name, renderProperty(property)]));
  const [key, value] = [texts.get("key"), texts.get("value") ?? ""];
  return key === undefined ? value : `{${key} => ${value}}`;
}

function renderEntry({ key, value }: Protocol.Runtime.EntryPreview): string {
  return key ? `${renderNested(key)} => ${renderNested(value)}` : renderNested(value);
}

/** A container inside a preview: V8 previews one level only. */
function renderNested(preview: ObjectPreview): string {
  if (preview.type === "string") return quote(cut(preview.description ?? ""));
  return preview.type === "object" && preview.subtype !== "null" ? summary(preview) : (preview.description ?? "");
}

function summary({ subtype, description = "Object" }: Pick<ObjectPreview, "subtype" | "description">): string {
  if (isDescribed(subtype)) return firstLine(description);
  if (subtype === "array") return description.replace(/^Array/, "");
  return description === "Object" ? "{…}" : description;
}

function renderProperty(property: PropertyPreview): string {
  if (property.type === "string") return quote(cut(property.value ?? ""));
  if (property.type === "function") return "ƒ";
  if (property.type === "accessor") return "(...)";
  if (property.type !== "object" || property.subtype === "null") return property.value ?? property.type;
  const { subtype, value: description = "Object" } = property;
  return summary(subtype === undefined ? { description } : { subtype, description });
}

function cut(text: string): string {
  return text.length > MAX_PREVIEW_STRING ? `${text.slice(0, MAX_PREVIEW_STRING)}…` : text;
}

/** The arguments of a console call as one line, `%s` and its like replaced; strings unquoted. */
export function renderConsole(values: readonly RemoteObject[]): string {
  const [first, ...rest] = values;
  if (first?.type !== "string") return values.map(renderLoose).join(" ");
  const left = [...rest];
  const head = String(first.value).replace(/%([sdifoOjc%])/g, (whole: string, kind: string) => {
    if (kind === "%") return rest.length > 0 ? "%" : whole;
    const value = left.shift();
    if (!value) return whole;
    return kind === "c" ? "" : renderFormatted(kind, value);
  });
  return [head, ...left.map(renderLoose)].join(" ");
}

function renderFormatted(kind: string, value: RemoteObject): string {
  const number = Number(value.value ?? value.unserializableValue ?? Number.NaN);
  if (kind === "d") return value.type === "bigint" ? renderPrimitive(value) : String(number);
  if (kind === "i") return String(Math.trunc(number));
  return kind === "f" ? String(number) : renderLoose(value);
}

function renderLoose(value: RemoteObject): string {
  if (value.type === "string") return String(value.value);
  return value.subtype === "error" ? (value.description ?? "") : renderValue(value);
}
