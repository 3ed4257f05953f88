/** For which machines a compiled file was made, by its first bytes. */

export interface Machine {
  /** As `process.platform` has it; what is not `darwin` or `win32` is `linux`, as ELF does not tell. */
  readonly platform: "linux" | "darwin" | "win32";
  /** As `process.arch` has it. */
  readonly arch: string;
}

const elf = new Map([
  [0x03, "ia32"],
  [0x28, "arm"],
  [0x3e, "x64"],
  [0xb7, "arm64"],
  [0xf3, "riscv64"],
]);
const machO = new Map([
  [0x01000007, "x64"],
  [0x0100000c, "arm64"],
]);
const portable = new Map([
  [0x014c, "ia32"],
  [0x8664, "x64"],
  [0xaa64, "arm64"],
]);

/** One for most files, several for a universal one of macOS, none for what is no compiled file. */
export function machinesOf(bytes: Uint8Array): readonly Machine[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.byteLength < 64) return [];
  const magic = view.getUint32(0);
  if (magic === 0x7f454c46) return machine("linux", elf.get(view.getUint16(18, view.getUint8(5) === 1)));
  if (magic === 0xcffaedfe) return machine("darwin", machO.get(view.getUint32(4, true)));
  if (magic === 0xcafebabe) return universal(view);
  if (view.getUint16(0) === 0x4d5a) return portableExecutable(view);
  return [];
}

/** Big-endian, whatever it holds: the count, and then 20 bytes for each. */
function universal(view: DataView): readonly Machine[] {
  const count = Math.min(view.getUint32(4), Math.floor((view.byteLength - 8) / 20));
  return Array.from({ length: count }, (_, index) => machO.get(view.getUint32(8 + index * 20))).flatMap((arch) =>
    machine("darwin", arch),
  );
}

function portableExecutable(view: DataView): readonly Machine[] {
  const header = view.getUint32(0x3c, true);
  return header + 6 > view.byteLength ? [] : machine("win32", portable.get(view.getUint16(header + 4, true)));
}

function machine(platform: Machine["platform"], arch: string | undefined): readonly Machine[] {
  return arch === undefined ? [] : [{ platform, arch }];
}

/** That this process runs on. */
export function thisMachine(): Machine {
  const { platform, arch } = process;
  return { platform: platform === "win32" || platform === "darwin" ? platform : "linux", arch };
}
