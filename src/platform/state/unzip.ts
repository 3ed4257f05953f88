/** Reads a zip from memory: names, sizes, checksums and Unix modes from the central directory. */
import { crc32, inflateRawSync } from "node:zlib";

export interface ZipEntry {
  /** Relative, with `/`; never leaves the folder it is unpacked into. */
  readonly name: string;
  /** Permission bits as the archiver stored them; 0 if it stored none. */
  readonly mode: number;
  readonly data: Buffer;
}

/** The archive is broken, hostile or of a kind that is not supported. The message says which. */
export class ZipProblem extends Error {
  override readonly name = "ZipProblem";
}

/** The unpacked files would exceed the limit. */
export class ZipTooLarge extends Error {
  override readonly name = "ZipTooLarge";
}

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const LOCAL_ENTRY = 0x04034b50;
const END_BYTES = 22;
const MAX_COMMENT_BYTES = 65_535;
const STORED = 0;
const DEFLATED = 8;
const UNIX_FILE_TYPE = 0o170000;
const UNIX_SYMLINK = 0o120000;
const UNIX_PERMISSIONS = 0o777;

interface DirectoryEntry {
  readonly name: string;
  readonly mode: number;
  readonly method: number;
  readonly encrypted: boolean;
  readonly crc: number;
  readonly packedBytes: number;
  readonly bytes: number;
  readonly localOffset: number;
}

/**
 * @param limitBytes - of all files together, unpacked
 * @throws ZipProblem, ZipTooLarge
 */
export function readZip(zip: Buffer, limitBytes: number): ZipEntry[] {
  try {
    return readEntries(zip, limitBytes);
  } catch (error) {
    // An offset that points outside.
    throw error instanceof RangeError ? new ZipProblem("it is cut off", { cause: error }) : error;
  }
}

function readEntries(zip: Buffer, limitBytes: number): ZipEntry[] {
  const files = readDirectory(zip).filter(({ name }) => !name.endsWith("/"));
  let total = 0;
  for (const file of files) {
    checkEntry(file);
    total += file.bytes;
  }
  if (total > limitBytes) throw new ZipTooLarge(`${total} bytes unpacked`);
  return files.map((file) => ({ name: file.name, mode: file.mode & UNIX_PERMISSIONS, data: readData(zip, file) }));
}

function readDirectory(zip: Buffer): DirectoryEntry[] {
  const end = findEnd(zip);
  const count = zip.readUInt16LE(end + 10);
  let offset = zip.readUInt32LE(end + 16);
  const entries: DirectoryEntry[] = [];
  for (let index = 0; index < count; index += 1) {
    if (offset + 46 > zip.length || zip.readUInt32LE(offset) !== DIRECTORY_ENTRY) {
      throw new ZipProblem("the central directory is damaged");
    }
    const nameBytes = zip.readUInt16LE(offset + 28);
    entries.push({
      name: zip.toString("utf8", offset + 46, offset + 46 + nameBytes),
      mode: zip.readUInt32LE(offset + 38) >>> 16,
      method: zip.readUInt16LE(offset + 10),
      encrypted: (zip.readUInt16LE(offset + 8) & 1) !== 0,
      crc: zip.readUInt32LE(offset + 16),
      packedBytes: zip.readUInt32LE(offset + 20),
      bytes: zip.readUInt32LE(offset + 24),
      localOffset: zip.readUInt32LE(offset + 42),
    });
    offset += 46 + nameBytes + zip.readUInt16LE(offset + 30) + zip.readUInt16LE(offset + 32);
  }
  return entries;
}

function findEnd(zip: Buffer): number {
  const first = Math.max(0, zip.length - END_BYTES - MAX_COMMENT_BYTES);
  for (let offset = zip.length - END_BYTES; offset >= first; offset -= 1) {
    if (zip.readUInt32LE(offset) === END_OF_DIRECTORY) return offset;
  }
  throw new ZipProblem("it has no central directory");
}

function checkEntry({ name, mode, method, encrypted }: DirectoryEntry): void {
  const leaves = name.startsWith("/") || /^[A-Za-z]:/.test(name) || name.split(/[\\/]/).includes("..");
  if (leaves || name.includes("\0") || name.includes("\\") || name === "") {
    throw new ZipProblem(`the name "${name}" leaves the archive`);
  }
  if ((mode & UNIX_FILE_TYPE) === UNIX_SYMLINK) throw new ZipProblem(`"${name}" is a symbolic link`);
  if (encrypted) throw new ZipProblem(`"${name}" is encrypted`);
  if (method !== STORED && method !== DEFLATED) {
    throw new ZipProblem(`"${name}" is compressed with method ${method}; only deflate is supported`);
  }
}

function readData(zip: Buffer, { name, method, crc, packedBytes, bytes, localOffset }: DirectoryEntry): Buffer {
  if (localOffset + 30 > zip.length || zip.readUInt32LE(localOffset) !== LOCAL_ENTRY) {
    throw new ZipProblem(`the entry of "${name}" is damaged`);
  }
  const start = localOffset + 30 + zip.readUInt16LE(localOffset + 26) + zip.readUInt16LE(localOffset + 28);
  const packed = zip.subarray(start, start + packedBytes);
  const data = method === STORED ? packed : inflate(packed, name, bytes);
  if (data.length !== bytes || crc32(data) !== crc) throw new ZipProblem(`"${name}" is damaged (checksum)`);
  return data;
}

function inflate(packed: Buffer, name: string, bytes: number): Buffer {
  try {
    // The announced size is a limit too: an entry that unpacks to more is a bomb.
    return inflateRawSync(packed, { maxOutputLength: Math.max(1, bytes) });
  } catch (cause) {
    throw new ZipProblem(`"${name}" cannot be unpacked`, { cause });
  }
}
