import { describe, expect, it } from "vitest";
import { createAnalyzer } from "../../../src/analysis/analyzer.ts";
import { project } from "./project.ts";

describe("a file that changes", () => {
  it("is analysed from the editor's text until it is closed", () => {
    using files = project({ "a.ts": "export function f() { return 1; }" });
    files.analyzer.setText(files.path("a.ts"), "export function f() { console.log(1); }\nexport function g() {}");
    expect(Object.keys(files.functions("a.ts"))).toEqual(["f", "g"]);
    expect(files.model("a.ts", "f").verdict).toBe("effects");

    files.analyzer.closeText(files.path("a.ts"));

    expect(Object.keys(files.functions("a.ts"))).toEqual(["f"]);
    expect(files.model("a.ts", "f").verdict).toBe("pure");
  });

  it("is read again when it was written to disk", () => {
    using files = project({ "a.ts": "export function f() { return 1; }" });
    expect(files.model("a.ts", "f").verdict).toBe("pure");

    files.write("a.ts", "export function f() { return Date.now(); }");

    expect(files.model("a.ts", "f").verdict).toBe("effects");
  });

  it("changes the verdict of functions in files that import it", () => {
    using files = project({
      "a.ts": 'import { g } from "./b";\nexport const f = () => g();',
      "b.ts": "export const g = () => 1;",
    });
    expect(files.model("a.ts", "f").verdict).toBe("pure");
    files.analyzer.setText(files.path("b.ts"), "export const g = () => process.stdin.read();");

    expect(files.model("a.ts", "f").verdict).toBe("local");
    expect(files.analyzer.dependants(files.path("b.ts"))).toEqual([files.path("a.ts")]);
  });

  it("is found when it appears, and missed when it goes", () => {
    using files = project({ "a.ts": 'import { g } from "./b";\nexport const f = () => g();' });
    expect(files.model("a.ts", "f").reasons[0]?.message).toContain('needs "./b"');

    files.write("b.ts", "export const g = () => 1;");
    expect(files.model("a.ts", "f").reasons).toEqual([]);

    files.remove("b.ts");
    expect(files.analyzer.dependants(files.path("b.ts"))).toEqual([files.path("a.ts")]);
    expect(files.model("a.ts", "f").reasons[0]?.message).toContain('needs "./b"');
  });

  it("gives after many edits what a fresh analysis gives", () => {
    using files = project({});
    const file = files.path("a.ts");
    const insertions = [
      "\n",
      " ",
      "// x\n",
      "const z = 1;\n",
      "{",
      "}",
      "(",
      "`",
      "/*",
      "*/",
      "async ",
      "export ",
      ";",
      "'",
    ];
    const random = randomNumbers(7);
    let text = sample;
    for (let edit = 0; edit < 150; edit += 1) {
      const at = Math.floor(random() * text.length);
      const removed = random() < 0.4 ? Math.floor(random() * 12) : 0;
      const inserted = insertions[Math.floor(random() * insertions.length)] ?? "";
      text = edit % 30 === 29 ? sample : text.slice(0, at) + inserted + text.slice(at + removed);
      files.analyzer.setText(file, text);
      const fresh = createAnalyzer();
      fresh.setText(file, text);

      expect({ text, ...files.analyzer.analyzeFile(file) }).toEqual({ text, ...fresh.analyzeFile(file) });
    }
  });
});

const sample = `import { readFileSync } from "node:fs";
const table = new Map<string, number>();
table.set("a", 1);
let count = 0;
/** Doc. */
export function f(items: { price: number }[], each = 2): number {
  let sum = 0;
  for (const item of items) sum += item.price * each;
  count += 1;
  return sum + (table.get("a") ?? 0);
}
export class Shop {
  static open = true;
  static async load(name: string) { return readFileSync(name, "utf8"); }
  close() { Shop.open = false; }
}
export const g = async ({ a, b }: { a: string; b?: RegExp }) => \`\${a} \${b}\`;
function main() { console.log(f([], 1)); }
main();
`;

/** Lehmer's generator: the same numbers at each run. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}
