/** The text of a deployed bundle, from its package on this machine. */
import { readFile } from "node:fs/promises";
import { inflateRawSync } from "node:zlib";

const END_OF_DIRECTORY = 0x06054b50;
const END_BYTES = 22;
const STORED = 0;
const BUNDLE = /^index\.[cm]?js$/;

/** Undefined when the package is gone or is none: what needs the text does without. */
export async function readBundleText(zipPath: string): Promise<string | undefined> {
  try {
    return bundleIn(await readFile(zipPath));
  } catch {
    return undefined;
  }
}

/** Walks the directory at the end of a zip, whose comment is empty. @throws RangeError for what is no zip */
function bundleIn(zip: Buffer): string | undefined {
  const end = zip.length - END_BYTES;
  if (zip.readUInt32LE(end) !== END_OF_DIRECTORY) return undefined;
  let entry = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    const nameBytes = zip.readUInt16LE(entry + 28);
    const name = zip.toString("utf8", entry + 46, entry + 46 + nameBytes);
    if (BUNDLE.test(name)) return contentOf(zip, entry);
    entry += 46 + nameBytes + zip.readUInt16LE(entry + 30) + zip.readUInt16LE(entry + 32);
  }
  return undefined;
}

function contentOf(zip: Buffer, entry: number): string {
  const header = zip.readUInt32LE(entry + 42);
  const start = header + 30 + zip.readUInt16LE(header + 26) + zip.readUInt16LE(header + 28);
  const bytes = zip.subarray(start, start + zip.readUInt32LE(entry + 20));
  return (zip.readUInt16LE(entry + 10) === STORED ? bytes : inflateRawSync(bytes)).toString();
}
