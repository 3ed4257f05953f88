/** What the codec costs beside JSON's own work, and how big it is in every artifact. */
import path from "node:path";
import { build } from "esbuild";
import { repository } from "../../scripts/lib/run.ts";
import { decodeValue, encodeValue } from "../../src/protocol/values/codec.ts";
import type { Bench, Outcome } from "./lib/figure.ts";
import { measured, timed } from "./lib/statistics.ts";

/** `codec`: a megabyte of records, and one of numbers, as text and back. */
export const codec: Bench = {
  name: "codec",
  run: async ({ quick }) => {
    const size = await bundleBytes();
    const rounds = quick ? 10 : 100;
    return [
      await compare(
        `a ${megabytes(records)} MB list of records (the codec is ${size} bytes minified)`,
        records,
        rounds,
      ),
      await compare(`a ${megabytes(numbers)} MB list of numbers`, numbers, rounds),
    ];
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
const numbers = Array.from({ length: 160_000 }, (_, index) => index * 7);

async function compare(what: string, value: unknown, rounds: number): Promise<Outcome> {
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
    target: { atMost: 2 },
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
