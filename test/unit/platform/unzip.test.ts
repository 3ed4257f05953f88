import { strToU8, zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { readZip } from "../../../src/platform/state/unzip.ts";

const limit = 1_000_000;
const zip = Buffer.from(
  zipSync({ "index.mjs": strToU8("export const a = 1; ".repeat(100)), "lib/b.txt": [strToU8("b"), { level: 0 }] }),
);

describe("readZip", () => {
  it("reads deflated and stored files", () => {
    const entries = readZip(zip, limit);

    expect(entries.map(({ name, data }) => [name, data.toString().slice(0, 12)])).toEqual([
      ["index.mjs", "export const"],
      ["lib/b.txt", "b"],
    ]);
  });

  it("keeps Unix permissions and leaves folders out", () => {
    const archive = Buffer.from(
      zipSync({ "run.sh": [strToU8("#!"), { os: 3, attrs: 0o100755 << 16 }], "empty/": strToU8("") }),
    );

    expect(readZip(archive, limit).map(({ name, mode }) => [name, mode])).toEqual([["run.sh", 0o755]]);
  });

  it.each(["../evil", "a/../../evil", "/etc/evil", "C:/evil", "a\\..\\evil"])("refuses the name %s", (name) => {
    expect(() => readZip(Buffer.from(zipSync({ [name]: strToU8("x") })), limit)).toThrow("leaves the archive");
  });

  it("refuses symbolic links", () => {
    const archive = Buffer.from(zipSync({ link: [strToU8("/etc/passwd"), { os: 3, attrs: 0o120777 << 16 }] }));

    expect(() => readZip(archive, limit)).toThrow("symbolic link");
  });

  it("refuses what unpacks to more than the limit, also when its header lies", () => {
    const bomb = Buffer.from(zipSync({ zeros: new Uint8Array(2_000_000) }));
    const liar = Buffer.from(bomb);
    // The size in the central directory: 24 bytes behind its signature.
    liar.writeUInt32LE(10, liar.indexOf(Buffer.from([0x50, 0x4b, 1, 2])) + 24);

    expect(() => readZip(bomb, limit)).toThrow("2000000 bytes");
    expect(() => readZip(liar, limit)).toThrow("cannot be unpacked");
  });

  it("finds every damaged byte of the content by its checksum", () => {
    const damaged = Buffer.from(zip);
    const at = damaged.indexOf("b", damaged.indexOf("lib/b.txt") + 9);
    damaged[at] = 99;

    expect(() => readZip(damaged, limit)).toThrow("damaged");
  });

  it("refuses every truncation and whatever else is no zip, without crashing", () => {
    for (let length = 0; length < zip.length; length += 1) {
      expect(() => readZip(zip.subarray(0, length), limit)).toThrow(/it (has no|is cut)|damaged|unpacked/);
    }
    expect(() => readZip(Buffer.alloc(100, 0xff), limit)).toThrow("no central directory");
  });
});
