/** Reproducible nonsense for fuzz tests: the same seed gives the same sequence. */

export interface Random {
  /** A whole number below the limit. */
  below(limit: number): number;
  pick<T>(from: readonly T[]): T;
  bytes(count: number): Buffer;
  /** Any JSON value, of odd ones more than of others. */
  json(depth?: number): unknown;
}

export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  // mulberry32
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
  const random: Random = {
    below: (limit) => next() % limit,
    pick: (from) => from[next() % from.length] as (typeof from)[number],
    bytes: (count) => Buffer.from(Array.from({ length: count }, () => next() & 0xff)),
    json: (depth = 3) => {
      const kind = random.below(depth > 0 ? 9 : 6);
      if (kind === 0) return null;
      if (kind === 1) return random.pick([0, -1, 1, 1e308, 2 ** 53, 0.5, 4_294_967_296]);
      if (kind === 2) return random.pick(["", "x", "__proto__", "constructor", "\u0000", "a".repeat(300), "1", "{}"]);
      if (kind === 3) return random.below(2) === 0;
      if (kind < 6) return random.below(1000);
      if (kind === 6) return Array.from({ length: random.below(4) }, () => random.json(depth - 1));
      const keys = ["id", "type", "params", "__proto__", "objectId", "callFrames", "result", "url", "scriptId", "x"];
      return Object.fromEntries(
        Array.from({ length: random.below(5) }, () => [random.pick(keys), random.json(depth - 1)]),
      );
    },
  };
  return random;
}

/** Another value of the same kind of thing: some part of it replaced, removed, or added. */
export function mutate(random: Random, value: unknown): unknown {
  if (typeof value !== "object" || value === null || random.below(4) === 0) return random.json();
  const entries = Object.entries(value);
  if (Array.isArray(value))
    return value.map((item) => (random.below(3) === 0 ? mutate(random, item) : (item as unknown)));
  if (entries.length === 0) return random.json();
  const [name] = random.pick(entries);
  if (random.below(4) === 0) return Object.fromEntries(entries.filter(([key]) => key !== name));
  return Object.fromEntries(
    entries.map(([key, item]) => [key, key === name ? mutate(random, item) : (item as unknown)]),
  );
}
