import { zipSync, type Zippable } from "fflate";

/** The earliest that a zip can express. DOS times have no zone, so the local fields give the same bytes everywhere. */
const FIXED_TIME = new Date(1980, 0, 1);
/** Unix, `rw-r--r--`: without it the files of some unzippers cannot be read by others. */
const UNIX = 3;
const REGULAR_FILE_MODE = 0o100644;
const PROGRAM_MODE = 0o100755;

/** Large packages are packed less tightly: the best would take half a second per megabyte. */
const QUICK_ABOVE_BYTES = 4 * 1024 * 1024;

/**
 * Zips deterministically: the same contents give the same bytes, whatever the order, the time and the machine.
 *
 * @param executable - names of the files that may be run as programs
 */
export function zipFiles(
  files: Readonly<Record<string, Uint8Array>>,
  executable: ReadonlySet<string> = new Set(),
): Uint8Array {
  const bytes = Object.values(files).reduce((sum, { byteLength }) => sum + byteLength, 0);
  const level = bytes > QUICK_ABOVE_BYTES ? 1 : 6;
  const attributesOf = (mode: number) => ({ mtime: FIXED_TIME, os: UNIX, attrs: mode << 16, level }) as const;
  const entries: Zippable = {};
  for (const name of Object.keys(files).toSorted()) {
    const content = files[name];
    if (content) entries[name] = [content, attributesOf(executable.has(name) ? PROGRAM_MODE : REGULAR_FILE_MODE)];
  }
  return zipSync(entries);
}
