/** Takes secrets out of what V8 says, in place, before it leaves the function. */
import { createSensitiveNames, REDACTED, type SensitiveNames } from "../../protocol/sensitive-names.ts";

type Fields = Record<string, unknown>;

export interface Redaction {
  /** Of a command's answer. */
  answer(method: string, params: unknown, result: object): void;
  /** Of an event's parameters. */
  event(method: string, params: unknown): void;
}

/** Types whose values give nothing away. */
const HARMLESS = new Set(["function", "boolean", "undefined", "accessor"]);
/** What the user typed in a watch, a hover or the console: the adapter marks it so. */
const TYPED_BY_USER = "evaluate";
/** Names of the member that says what the member `value` is. */
const LABELS = ["key", "name"];

/** @param words - see {@link createSensitiveNames} */
export function createRedaction(words: readonly string[]): Redaction {
  if (words.length === 0) return { answer: () => {}, event: () => {} };
  const names = createSensitiveNames(words);
  return {
    answer(method, params, result) {
      const { result: value, internalProperties, privateProperties, exceptionDetails } = result as Fields;
      for (const list of [value, internalProperties, privateProperties]) {
        if (Array.isArray(list)) cleanMembers(names, list as Fields[]);
      }
      if (isFields(value)) {
        cleanValue(names, value);
        if (asksForSecret(names, method, params)) hide(value);
      }
      if (isFields(exceptionDetails)) cleanValue(names, exceptionDetails["exception"]);
    },
    event(method, params) {
      if (!isFields(params)) return;
      if (method === "Debugger.paused") cleanPause(names, params);
      if (method === "Runtime.consoleAPICalled") for (const value of listOf(params["args"])) cleanValue(names, value);
    },
  };
}

function cleanPause(names: SensitiveNames, { callFrames, data }: Fields): void {
  cleanValue(names, data);
  for (const frame of listOf(callFrames)) {
    cleanValue(names, frame["this"]);
    cleanValue(names, frame["returnValue"]);
    if (names.isSensitive(String(frame["functionName"]))) hide(frame["returnValue"]);
  }
}

/** The user's own expression, a getter that is read by its name, a variable that is set. */
function asksForSecret(names: SensitiveNames, method: string, params: unknown): boolean {
  if (!isFields(params)) return false;
  if (method === "Faasify.readGetter") return names.isSensitive(String(params["name"]));
  if (method === "Faasify.assign")
    return [params["name"], params["expression"]].some((code) => names.mentions(String(code)));
  return params["objectGroup"] === TYPED_BY_USER && names.mentions(String(params["expression"]));
}

/** Property descriptors: an object's members, or a scope's variables. */
function cleanMembers(names: SensitiveNames, members: readonly Fields[]): void {
  for (const { name, value } of members) {
    cleanValue(names, value);
    if (names.isSensitive(String(name))) hide(value);
  }
  const find = (wanted: string) => members.find(({ name }) => name === wanted)?.["value"];
  const labelled = LABELS.some((label) => {
    const text = find(label);
    return isFields(text) && typeof text["value"] === "string" && names.isSensitive(text["value"]);
  });
  if (labelled) hide(find("value"));
}

/** A remote object: its own text, and what is seen of its members. */
function cleanValue(names: SensitiveNames, value: unknown): void {
  if (!isFields(value)) return;
  if (value["type"] === "string" && typeof value["value"] === "string")
    value["value"] = names.cleanText(value["value"]);
  if (typeof value["description"] === "string") value["description"] = names.cleanText(value["description"]);
  cleanPreview(names, value["preview"]);
}

function cleanPreview(names: SensitiveNames, preview: unknown): void {
  if (!isFields(preview)) return;
  const properties = listOf(preview["properties"]);
  for (const property of properties) {
    if (typeof property["value"] === "string") property["value"] = names.cleanText(property["value"]);
    cleanPreview(names, property["valuePreview"]);
    if (names.isSensitive(String(property["name"]))) hide(property);
  }
  const labelled = properties.some(
    ({ name, value }) => LABELS.includes(String(name)) && names.isSensitive(String(value)),
  );
  if (labelled) for (const property of properties) if (property["name"] === "value") hide(property);
  for (const { key, value } of listOf(preview["entries"])) {
    cleanEntrySide(names, key);
    cleanEntrySide(names, value);
    if (isFields(key) && names.isSensitive(String(key["description"]))) hide(value);
  }
}

function cleanEntrySide(names: SensitiveNames, side: unknown): void {
  if (!isFields(side)) return;
  if (typeof side["description"] === "string") side["description"] = names.cleanText(side["description"]);
  cleanPreview(names, side);
}

/** Nothing of the value stays, not even the handle by which it could be asked for. */
function hide(value: unknown): void {
  if (!isFields(value) || HARMLESS.has(String(value["type"])) || value["subtype"] === "null") return;
  const isEntrySide = "properties" in value;
  for (const key of Object.keys(value)) if (key !== "name" && key !== "uncaught") delete value[key];
  Object.assign(value, { type: "string", value: REDACTED });
  if (isEntrySide) Object.assign(value, { description: REDACTED, overflow: false, properties: [] });
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter(isFields) : [];
}
