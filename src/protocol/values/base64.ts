/** Bytes as text. `Uint8Array`'s own methods are newer than the oldest Node that functions run on. */

interface BufferConstructor {
  from(data: ArrayBufferLike, offset: number, length: number): { toString(encoding: "base64"): string };
  from(text: string, encoding: "base64"): Uint8Array;
}

const host = (globalThis as { readonly Buffer?: BufferConstructor }).Buffer;

export function toBase64(bytes: Uint8Array): string {
  if (host) return host.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** @throws Error if `text` is no base64 */
export function fromBase64(text: string): Uint8Array {
  // Buffer passes over what it does not know.
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) throw new Error("no base64");
  return host ? host.from(text, "base64") : Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
