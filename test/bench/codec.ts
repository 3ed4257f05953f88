/** What the codec costs beside JSON's own work, and how big it is in every artifact. */
import path from "node:path";
import { build } from "esbuild";
import { repository } from "../../scripts/lib/run.ts";
import { decodeValue, encodeValue } from "../../src/protocol/values/codec.ts";
import type { Bench, Figure, Outcome } from "./lib/figure.ts";
import { measured, timed } from "./lib/statistics.ts";

/** `codec`: a megabyte of records, and one of numbers, as text and back. */
export const codec: Bench = {
  name: "codec",
  run: async ({ quick }) => {
    const size = await bundleBytes();
    const rounds = quick ? 10 : 100;
    const figures: Outcome[] = [];
    for (const [what, value] of Object.entries(judged)) {
      const figure = await compare(`a ${megabytes(value)} MB ${what}`, value, rounds);
      figures.push({ ...figure, target: { atMost: 2 }, note: `the codec is ${size} bytes minified` });
    }
    for (const [what, value] of Object.entries(others)) {
      figures.push(await compare(`a ${megabytes(value)} MB ${what}`, value, Math.ceil(rounds / 4)));
    }
    return figures;
  },
};

const records = Array.from({ length: 7700 }, (_, id) => ({
  id,
  name: `name ${id}`,
  active: id % 2 === 0,
  score: id * 1.5,
  tags: ["a", `b${id}`],
  nested: { x: id, y: null, text: "some text of usual length" },
}));
const judged: Readonly<Record<string, unknown>> = {
  "list of records": records,
  "list of numbers": Array.from({ length: 160_000 }, (_, index) => index * 7),
};

/** Printed, not judged: what a value is made of decides more than its size. */
const others: Readonly<Record<string, unknown>> = {
  "list of digits": Array.from({ length: 500_000 }, (_, index) => index % 10),
  "list of fractions": Array.from({ length: 60_000 }, (_, index) => index * 1.1),
  "list of texts": Array.from({ length: 60_000 }, (_, index) => `text ${index}`),
  "object with 50,000 keys": Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`key${index}`, index])),
  "list of rows of 400 numbers": Array.from({ length: 400 }, (_, row) =>
    Array.from({ length: 400 }, (_column, column) => row * column),
  ),
  "list of points": Array.from({ length: 30_000 }, (_, index) => [index, index * 2, index / 3]),
};

async function compare(what: string, value: unknown, rounds: number): Promise<Figure> {
  const text = JSON.stringify(value);
  const [ours, json, ratios]: [number[], number[], number[]] = [[], [], []];
  for (let round = -5; round < rounds; round++) {
    let copy: unknown;
    const jsonMs = await timed(() => {
      copy = JSON.parse(JSON.stringify(value));
    });
    const ms = await timed(() => {
      copy = decodeValue(JSON.parse(JSON.stringify(encodeValue(value))));
    });
    if (JSON.stringify(copy) !== text) throw new Error("the codec changed a plain value");
    if (round < 0) continue;
    ours.push(ms);
    json.push(jsonMs);
    ratios.push(ms / jsonMs);
  }
  return {
    what: `Codec, encode and decode with text: ${what}`,
    ours: measured("against JSON", "×", ratios),
    baselines: [measured("codec", "ms", ours), measured("JSON.stringify and JSON.parse", "ms", json)],
  };
}

function megabytes(value: unknown): string {
  return (JSON.stringify(value).length / 1e6).toFixed(1);
}

async function bundleBytes(): Promise<number> {
  const entry = path.join(repository, "src/protocol/values/codec.ts");
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
  });
  return outputFiles.reduce((sum, { contents }) => sum + contents.length, 0);
}
