/**
 * The code that runs in the function at a snapshot, as text: a bundler would put its own helpers into it. It calls
 * nothing of the user's (no getter, no `toString`, no trap of a proxy), never throws, and sends at most 20 snapshots per
 * breakpoint and second.
 */
export const SNAPSHOT_HELPER = String.raw`(send, words, pattern) => {
  const MAX_DEPTH = 3, MAX_MEMBERS = 20, MAX_TEXT = 200, MAX_NODES = 400, MAX_FRAMES = 20, PER_SECOND = 20, MAX_JUDGED = 2000;
  // None of these looks at what the user could have changed.
  const sizeBy = (type) => {
    const { get } = Object.getOwnPropertyDescriptor(type.prototype, "size");
    return (value) => { try { get.call(value); return true; } catch { return false; } };
  };
  const types = process.getBuiltinModule?.("node:util")?.types ?? {
    isProxy: () => false,
    isMap: sizeBy(Map),
    isSet: sizeBy(Set),
    isDate: (value) => value instanceof Date,
    isNativeError: (value) => value instanceof Error,
  };
  const { isProxy, isMap, isSet, isDate, isNativeError } = types;
  const mapSize = Object.getOwnPropertyDescriptor(Map.prototype, "size").get;
  const setSize = Object.getOwnPropertyDescriptor(Set.prototype, "size").get;
  const secrets = words.map((word) => word.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "")).filter(Boolean);
  const assignment = pattern === undefined ? undefined : new RegExp(pattern, "giu");
  const judged = new Map();
  const isSecret = (name) => {
    const known = judged.get(name);
    if (known !== undefined) return known;
    const bare = name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
    const judgement = secrets.some((word) => bare.includes(word));
    if (judged.size < MAX_JUDGED) judged.set(name, judgement);
    return judgement;
  };
  const quotas = new Map();
  let nodes = 0;

  const textOf = (text) => {
    const short = text.length > MAX_TEXT ? text.slice(0, MAX_TEXT) + "…" : text;
    return assignment ? short.replace(assignment, (_, name, sign) => name + sign + "[redacted]") : short;
  };
  const classOf = (value) => {
    for (let at = value, steps = 0; at && steps < 5 && !isProxy(at); at = Object.getPrototypeOf(at), steps++) {
      const own = Object.getOwnPropertyDescriptor(at, "constructor")?.value;
      if (typeof own !== "function" || isProxy(own)) continue;
      const name = Object.getOwnPropertyDescriptor(own, "name")?.value;
      if (typeof name === "string" && name !== "") return name;
    }
    return "Object";
  };
  const primitive = (name, value) => {
    const type = value === null ? "null" : typeof value;
    if (type === "string") return { name, type, value: textOf(value) };
    if (type === "bigint") return { name, type, value: value + "n" };
    if (type === "number") return { name, type, value: Object.is(value, -0) ? "-0" : String(value) };
    return { name, type, value: type === "symbol" ? Symbol.prototype.toString.call(value) : String(value) };
  };
  const members = (value, depth) => {
    const children = [];
    const add = (name, member) => void (children.length < MAX_MEMBERS && children.push(node(name, member, depth)));
    if (isMap(value)) {
      let index = 0;
      for (const [key, member] of Map.prototype.entries.call(value)) {
        if (index >= MAX_MEMBERS) break;
        const label = typeof key === "object" || typeof key === "function" ? String(index) : String(key);
        add(label, member);
        index += 1;
      }
    } else if (isSet(value)) {
      let index = 0;
      for (const member of Set.prototype.values.call(value)) {
        if (index >= MAX_MEMBERS) break;
        add(String(index++), member);
      }
    } else {
      const keys = Array.isArray(value) || ArrayBuffer.isView(value)
        ? Array.from({ length: Math.min(value.length ?? 0, MAX_MEMBERS) }, (_, index) => String(index))
        : Object.keys(value).slice(0, MAX_MEMBERS);
      for (const key of keys) {
        const own = Object.getOwnPropertyDescriptor(value, key);
        if (own && "value" in own) add(key, own.value);
        else if (own) children.push({ name: key, type: "accessor", value: "(...)" });
      }
    }
    return children;
  };
  const countOf = (value) => {
    if (Array.isArray(value) || ArrayBuffer.isView(value)) return value.length;
    if (isMap(value)) return mapSize.call(value);
    return isSet(value) ? setSize.call(value) : undefined;
  };
  const node = (name, value, depth) => {
    nodes += 1;
    const isObject = (typeof value === "object" && value !== null) || typeof value === "function";
    if (isSecret(name) && typeof value !== "boolean" && value != null && typeof value !== "function")
      return { name, type: "string", value: "[redacted]" };
    if (!isObject) return primitive(name, value);
    if (isProxy(value)) return { name, type: "object", value: "Proxy" };
    if (typeof value === "function") return { name, type: "function", value: "ƒ" };
    if (isDate(value)) return { name, type: "Date", value: String(Date.prototype.getTime.call(value)) };
    const type = classOf(value);
    const count = countOf(value);
    const shown = { name, type, value: type, ...(count === undefined ? {} : { count }) };
    if (isNativeError(value)) {
      const message = Object.getOwnPropertyDescriptor(value, "message")?.value;
      return { ...shown, value: type + (typeof message === "string" ? ": " + textOf(message) : "") };
    }
    return depth > 0 && nodes < MAX_NODES ? { ...shown, children: members(value, depth - 1) } : shown;
  };
  const stackOf = () => {
    const prepare = Object.getOwnPropertyDescriptor(Error, "prepareStackTrace");
    const limit = Error.stackTraceLimit;
    try {
      Error.prepareStackTrace = undefined;
      Error.stackTraceLimit = MAX_FRAMES;
      return String(new Error().stack).split("\n").slice(1).filter((line) => /[/\\]index\.[cm]?js:/.test(line));
    } finally {
      Error.stackTraceLimit = limit;
      if (prepare) Object.defineProperty(Error, "prepareStackTrace", prepare);
      else delete Error.prepareStackTrace;
    }
  };
  const admit = (id) => {
    const second = Math.floor(Date.now() / 1000);
    const last = quotas.get(id);
    const quota = last?.second === second ? last : { second, taken: 0, dropped: last?.dropped ?? 0 };
    quotas.set(id, quota);
    if (quota.taken < PER_SECOND) return ((quota.taken += 1), quota);
    quota.dropped += 1;
    return undefined;
  };
  return (id, read) => {
    try {
      const quota = admit(id);
      if (!quota) return;
      const found = Object.create(null);
      read(found);
      nodes = 0;
      const variables = Object.keys(found)
        .filter((name) => typeof found[name] !== "function" && found[name] !== globalThis[name])
        .map((name) => node(name, found[name], MAX_DEPTH));
      send(JSON.stringify({ id, stack: stackOf(), variables, dropped: quota.dropped }));
      quota.dropped = 0;
    } catch {}
  };
}`;
