import { readFileSync, statSync } from "node:fs";

/** A text together with a stamp that changes whenever the text does. */
export interface StampedText {
  readonly stamp: string;
  read(): string;
}

/** Texts of source files: the editor's where a file is open, the disk's otherwise. */
export interface TextSource {
  /** Throws what Node throws when the file cannot be read; `stamp` alone costs one `stat`. */
  open(file: string): StampedText;
  setText(file: string, text: string): void;
  closeText(file: string): void;
}

export function createTextSource(): TextSource {
  const edited = new Map<string, StampedText>();
  let edits = 0;
  return {
    open: (file) => edited.get(file) ?? openOnDisk(file),
    setText(file, text) {
      if (edited.get(file)?.read() === text) return;
      edits += 1;
      edited.set(file, { stamp: `edit ${edits}`, read: () => text });
    },
    closeText(file) {
      edited.delete(file);
    },
  };
}

/** Beyond this a file is generated, and reading it would block the editor for seconds. In bytes. */
const maxFileBytes = 5_000_000;

function openOnDisk(file: string): StampedText {
  const { mtimeNs, size, ino } = statSync(file, { bigint: true });
  if (size > maxFileBytes) throw new Error(`it has ${size} bytes, and at most ${maxFileBytes} are analysed`);
  return { stamp: `disk ${mtimeNs} ${size} ${ino}`, read: () => withoutBom(readFileSync(file, "utf8")) };
}

/** Editors do not show a byte order mark, so positions do not count it. */
function withoutBom(text: string): string {
  return text.startsWith("\uFEFF") ? text.slice(1) : text;
}
