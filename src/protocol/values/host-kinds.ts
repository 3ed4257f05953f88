/** Kinds that the host has besides the language's, where it has them. */
import { hostGlobal } from "./host.ts";
import type { Kind } from "./kinds.ts";

type Method = (this: unknown, ...args: readonly unknown[]) => unknown;

interface Constructor {
  readonly prototype: object;
  new (...args: readonly unknown[]): object;
}

function find(name: string): Constructor | undefined {
  const found = hostGlobal(name);
  return typeof found === "function" ? (found as unknown as Constructor) : undefined;
}

function accessor(prototype: object, name: string): PropertyDescriptor {
  return Object.getOwnPropertyDescriptor(prototype, name) ?? {};
}

function takes(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}

function urlKind(URL: Constructor): Kind {
  const href = accessor(URL.prototype, "href");
  return {
    name: "URL",
    prototype: URL.prototype,
    is: (object) => takes(() => href.get?.call(object) as unknown),
    read: (url) => [href.get?.call(url)],
    make: ([text]) => new URL(text),
    write: (url, [text]) => href.set?.call(url, text),
  };
}

function searchParamsKind(URLSearchParams: Constructor): Kind {
  const prototype = URLSearchParams.prototype;
  const method = (name: string): Function => Object.getOwnPropertyDescriptor(prototype, name)?.value as Method;
  const [forEach, append, remove] = [method("forEach"), method("append"), method("delete")];
  const read = (params: object): string[] => {
    const data: string[] = [];
    forEach.call(params, (value: string, key: string) => data.push(key, value));
    return data;
  };
  const addAll = (params: object, data: readonly unknown[]): object => {
    for (let index = 0; index < data.length; index += 2) append.call(params, data[index], data[index + 1]);
    return params;
  };
  return {
    name: "URLSearchParams",
    prototype: URLSearchParams.prototype,
    is: (object) => takes(() => read(object)),
    read,
    make: (data) => addAll(new URLSearchParams(), data),
    write: (params, data) => {
      for (const [index, key] of read(params).entries()) if (index % 2 === 0) remove.call(params, key);
      addAll(params, data);
    },
  };
}

function domExceptionKind(DOMException: Constructor): Kind {
  const message = accessor(DOMException.prototype, "message");
  const name = accessor(DOMException.prototype, "name");
  return {
    name: "DOMException",
    prototype: DOMException.prototype,
    is: (object) => takes(() => name.get?.call(object) as unknown),
    read: (error) => [message.get?.call(error), name.get?.call(error)],
    make: ([text, kind]) => new DOMException(text, kind),
  };
}

const makers: Readonly<Record<string, (constructor: Constructor) => Kind>> = {
  URL: urlKind,
  URLSearchParams: searchParamsKind,
  DOMException: domExceptionKind,
};

/** Asked for once, at the first graph: some hosts load these at first use. */
export function hostKinds(): readonly Kind[] {
  return Object.entries(makers).flatMap(([name, make]) => {
    const constructor = find(name);
    return constructor ? [make(constructor)] : [];
  });
}
